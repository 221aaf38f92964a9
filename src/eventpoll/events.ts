/**
 * The events of <linux/eventpoll.h> by name, and masks of them as text.
 *
 * A mask is an unsigned 32-bit number. JavaScript's `|` makes signed ones, so that `EPOLLIN | EPOLLET` is negative:
 * {@linkcode epollMask} brings both into the one form.
 *
 * @module
 */

/** There is something to read. */
export const EPOLLIN = 0x001;
/** There is urgent data to read. */
export const EPOLLPRI = 0x002;
/** There is room to write. */
export const EPOLLOUT = 0x004;
/** An error happened; reported without being asked for. */
export const EPOLLERR = 0x008;
/** The other side hung up; reported without being asked for. */
export const EPOLLHUP = 0x010;
/** The number is not open; reported by `poll` alone. */
export const EPOLLNVAL = 0x020;
/** There is ordinary data to read. */
export const EPOLLRDNORM = 0x040;
/** There is data of a priority band to read. */
export const EPOLLRDBAND = 0x080;
/** There is room to write ordinary data. */
export const EPOLLWRNORM = 0x100;
/** There is room to write data of a priority band. */
export const EPOLLWRBAND = 0x200;
/** Without use. */
export const EPOLLMSG = 0x400;
/** The other side will write no more. */
export const EPOLLRDHUP = 0x2000;
/** Of several epolls that watch the file so, wake only one that has a sleeper. */
export const EPOLLEXCLUSIVE = 0x10000000;
/** Keep the machine from suspending while the event is not dealt with. */
export const EPOLLWAKEUP = 0x20000000;
/** Report once, then nothing until the watch is modified. */
export const EPOLLONESHOT = 0x40000000;
/** Report each wake-up once, not for as long as the condition holds. */
export const EPOLLET = 0x80000000;

/** `epoll_ctl`: add a watch. */
export const EPOLL_CTL_ADD = 1;
/** `epoll_ctl`: remove a watch. */
export const EPOLL_CTL_DEL = 2;
/** `epoll_ctl`: change a watch. */
export const EPOLL_CTL_MOD = 3;

/** `epoll_create1`: close the epoll in programs that are started. */
export const EPOLL_CLOEXEC = 0o2000000;
/** `eventfd`: each read takes one. */
export const EFD_SEMAPHORE = 1;
/** `shutdown`: receive no more. */
export const SHUT_RD = 0;
/** `shutdown`: send no more. */
export const SHUT_WR = 1;
/** `shutdown`: neither. */
export const SHUT_RDWR = 2;

/** Names in ascending order of their bits. */
const NAMES: readonly (readonly [string, number])[] = [
  ["IN", EPOLLIN],
  ["PRI", EPOLLPRI],
  ["OUT", EPOLLOUT],
  ["ERR", EPOLLERR],
  ["HUP", EPOLLHUP],
  ["NVAL", EPOLLNVAL],
  ["RDNORM", EPOLLRDNORM],
  ["RDBAND", EPOLLRDBAND],
  ["WRNORM", EPOLLWRNORM],
  ["WRBAND", EPOLLWRBAND],
  ["MSG", EPOLLMSG],
  ["RDHUP", EPOLLRDHUP],
  ["EXCLUSIVE", EPOLLEXCLUSIVE],
  ["WAKEUP", EPOLLWAKEUP],
  ["ONESHOT", EPOLLONESHOT],
  ["ET", EPOLLET],
];

const BY_NAME: ReadonlyMap<string, number> = new Map(NAMES);
const BY_BIT: ReadonlyMap<number, string> = new Map(NAMES.map(([name, bit]) => [bit, name]));

/**
 * Checks a mask and makes it unsigned.
 *
 * @param events A mask; negative where JavaScript's `|` made it so.
 * @returns The same bits, 0 to 2^32 - 1.
 * @throws {RangeError} If it is no 32-bit integer.
 */
export function epollMask(events: number): number {
  if (Number.isInteger(events) && events >= -(2 ** 31) && events < 2 ** 32) return events >>> 0;
  throw new RangeError(
    `Cannot make a mask: events must be an integer of 32 bits, current value is ${String(events)}`,
  );
}

/**
 * Writes a mask as names in ascending order of bits, with digits for bits without a name.
 *
 * @param events The mask.
 * @returns Text such as `IN|HUP|ET`; `0` if no bit is set.
 * @throws {RangeError} If it is no 32-bit integer.
 */
export function formatMask(events: number): string {
  const parts: string[] = [];
  for (let left = epollMask(events); left !== 0; left = (left & (left - 1)) >>> 0) {
    const bit = (left & -left) >>> 0;
    parts.push(BY_BIT.get(bit) ?? `0x${bit.toString(16)}`);
  }
  return parts.length === 0 ? "0" : parts.join("|");
}

/**
 * Reads a mask.
 *
 * @param text Names joined by `|`, with or without `EPOLL` in front; numbers may stand among them.
 * @returns The mask; null if a part is neither a name nor a number.
 * @throws {TypeError} If it is no text.
 */
export function parseMask(text: string): number | null {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot parse a mask: text must be a string, current value is ${String(text)}`);
  }
  let mask = 0;
  for (const part of text.split("|")) {
    const bits = BY_NAME.get(part.replace(/^EPOLL/, "")) ?? parseNumber(part);
    if (bits === null) return null;
    mask = (mask | bits) >>> 0;
  }
  return mask;
}

function parseNumber(text: string): number | null {
  const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : -1;
  return value >= 0 && value < 2 ** 32 ? value : null;
}
