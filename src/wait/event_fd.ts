/**
 * An eventfd: a file that another thread, or this one, makes readable to end a wait.
 *
 * @module
 */

import { EVENTFD } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";

/**
 * Closes the files of what nobody closed, when the garbage collector finds it. An owner registers itself with its file
 * descriptor, and takes itself off when it is closed: by then the number may be another file's.
 */
export const forgottenFiles: FinalizationRegistry<number> = new FinalizationRegistry((fd) =>
  void libc().close(fd)
);

/** A counter file; readable while it is not zero. */
export class EventFd {
  /** The file descriptor. */
  readonly fd: number;
  readonly #count = new BigUint64Array([1n]);

  /** @throws {EventPipeError} If the process has no file descriptor left. */
  constructor() {
    this.fd = libc().eventfd(0, EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK);
    if (this.fd < 0) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed("make an eventfd", "eventfd", error);
    }
    forgottenFiles.register(this, this.fd, this);
  }

  /** Makes it readable. */
  signal(): void {
    this.#count[0] = 1n;
    libc().write(this.fd, this.#count, 8n);
  }

  /** Makes it unreadable again. */
  clear(): void {
    libc().read(this.fd, this.#count, 8n);
  }

  /** Closes it. */
  close(): void {
    forgottenFiles.unregister(this);
    libc().close(this.fd);
  }
}
