/**
 * The interest set of the kernel's epoll, as /proc/self/fdinfo lists it.
 *
 * @module
 */

import { FCNTL } from "../../abi/linux.ts";
import { cstring } from "../../ffi/cstring.ts";
import { libc } from "../../ffi/libc.ts";
import { EpollError } from "../errors.ts";
import type { Watch } from "../system.ts";

/** `tfd: %8d events: %8x data: %16llx` (ep_show_fdinfo() of fs/eventpoll.c). */
const WATCH = /^tfd:\s*(\d+) events:\s*([0-9a-f]+) data:\s*([0-9a-f]+)/gm;

/** A thousand watches or so; the rest follows in further reads. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads what an epoll watches.
 *
 * @param epfd The epoll.
 * @returns The watches in the order of the kernel's tree.
 * @throws {EpollError} EBADF if the number is not open.
 */
export function readWatches(epfd: number): Watch[] {
  return Array.from(readFdinfo(epfd).matchAll(WATCH), ([, fd, events, data]) => ({
    fd: Number(fd),
    events: parseInt(events!, 16),
    data: BigInt(`0x${data}`),
  }));
}

function readFdinfo(fd: number): string {
  const { open, read, close } = libc();
  const file = open(cstring(`/proc/self/fdinfo/${fd}`), FCNTL.O_RDONLY | FCNTL.O_CLOEXEC);
  if (file < 0) throw new EpollError("open", "EBADF"); // the folder has an entry for each number that is open
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(CHUNK_BYTES);
  let text = "";
  for (;;) {
    const length = Number(read(file, bytes, BigInt(CHUNK_BYTES)));
    if (length <= 0) break;
    text += decoder.decode(bytes.subarray(0, length), { stream: true });
  }
  close(file);
  return text;
}
