/**
 * The error of a system call on either side: the model's and the kernel's carry the same code, and by that they are
 * compared.
 *
 * @module
 */

/** The error numbers of the model, by their names. */
export type Errno =
  | "EAGAIN"
  | "EBADF"
  | "ECONNRESET"
  | "EDEADLK"
  | "EEXIST"
  | "EFAULT"
  | "EINVAL"
  | "EISDIR"
  | "ELOOP"
  | "EMFILE"
  | "ENOENT"
  | "ENOSPC"
  | "ENOTSOCK"
  | "EPERM"
  | "EPIPE";

/** What a code means for one call, and what to do about it: "CALL CODE" first, for all calls by the code alone. */
const MEANINGS: Readonly<Record<string, string>> = {
  "epoll_create EINVAL": "size must be at least 1",
  "epoll_create1 EINVAL": "the only flag is EPOLL_CLOEXEC",
  "epoll_ctl EEXIST": "this file is watched under this number already; use EPOLL_CTL_MOD",
  "epoll_ctl ENOENT": "this file is not watched under this number; use EPOLL_CTL_ADD",
  "epoll_ctl EPERM": "files of this kind cannot be polled",
  "epoll_ctl ELOOP": "epolls would watch each other in a circle, or more than five in a row",
  "epoll_ctl ENOSPC": "the user's watches are used up; see max_user_watches",
  "epoll_ctl EFAULT": "there is no event, and only EPOLL_CTL_DEL goes without one",
  "epoll_ctl EINVAL":
    "the descriptor is no epoll or the target itself, the operation is unknown, EPOLLEXCLUSIVE does not go with it, or " +
    "a file would have too many ways to wake up epolls",
  "epoll_wait EINVAL": "the descriptor is no epoll, or maxevents is below 1 or too large",
  "epoll_wait EFAULT": "an event is ready, and there is no buffer for it",
  "epoll_wait EDEADLK":
    "nothing is left that could end this wait: no timer runs and no other thread can go on",
  "EBADF": "the descriptor is not open, or not for this",
  "EAGAIN": "the call would block",
  "EPIPE": "the other end is closed",
  "EMFILE": "the process has no descriptor left",
};

/** A system call of an epoll system failed. */
export class EpollError extends Error {
  /** Always `EpollError`. */
  override readonly name = "EpollError";
  /** The call, such as `epoll_ctl`. */
  readonly syscall: string;
  /** The name of the error number, such as `EEXIST`. */
  readonly code: string;

  /**
   * Makes an error.
   *
   * @param syscall The call, such as `epoll_ctl`.
   * @param code The name of the error number, such as `EEXIST`.
   */
  constructor(syscall: string, code: string) {
    const meaning = MEANINGS[`${syscall} ${code}`] ?? MEANINGS[code];
    super(`${syscall} returned ${code}${meaning === undefined ? "" : `: ${meaning}`}`);
    this.syscall = syscall;
    this.code = code;
  }
}
