/**
 * Wake-up sources after <linux/pm_wakeup.h>: while one is active, the machine must not suspend. An epoll item with
 * EPOLLWAKEUP has one that is active for as long as the item is queued; while it is being delivered, that of its epoll is.
 *
 * @module
 */

/** `struct wakeup_source`. */
export class WakeupSource {
  /** What it stands for: `eventpoll`, or the kind of the watched file. */
  readonly name: string;
  /** Whether it keeps the machine awake. */
  active = false;

  /** @param name What it stands for. */
  constructor(name: string) {
    this.name = name;
  }
}

/** All wake-up sources of a machine, as /sys/kernel/debug/wakeup_sources lists them. */
export class WakeupSources {
  /** Whether programs may have any: CAP_BLOCK_SUSPEND. */
  readonly isAllowed: boolean;
  readonly #all = new Set<WakeupSource>();

  /** @param isAllowed Whether programs may have any. */
  constructor(isAllowed: boolean) {
    this.isAllowed = isAllowed;
  }

  /** Whether any of them keeps the machine awake. */
  get isActive(): boolean {
    return this.#all.values().some(({ active }) => active);
  }

  /**
   * Makes one, not active.
   *
   * @param name What it stands for.
   * @returns The source.
   */
  register(name: string): WakeupSource {
    const source = new WakeupSource(name);
    this.#all.add(source);
    return source;
  }

  /**
   * Takes one away, and with it what it kept awake.
   *
   * @param source The source; null for none.
   */
  unregister(source: WakeupSource | null): void {
    if (source !== null) this.#all.delete(source);
  }
}
