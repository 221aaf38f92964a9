/**
 * How it becomes known that a ring has unread records: what a source offers and a waiter waits on.
 *
 * @module
 */

/** A source's wake-ups. */
export type Readiness =
  /** Kernel rings: a file descriptor per ring, readable when the ring has woken its reader. */
  | { readonly kind: "fds"; readonly fds: readonly number[] }
  /** Memory rings: words in shared memory, see `src/ring/signals.ts`. */
  | { readonly kind: "signals"; readonly words: Int32Array<SharedArrayBuffer> };
