/**
 * The names of Linux error numbers, <asm-generic/errno-base.h> and <asm-generic/errno.h>, for messages and for
 * the `code` of errors. x86-64 and arm64 share this numbering.
 *
 * @module
 */

import type { ConstantGroup } from "./layout.ts";

/** Names from 1 on; `-` where the number is not in use. */
const NAMES: readonly string[] = `
  EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD
  EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR
  EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS
  EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP
  - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI
  EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR
  ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM
  EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD
  ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE
  EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN
  ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT
  ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM
  EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
  ENOTRECOVERABLE ERFKILL EHWPOISON
`.trim().split(/\s+/);

/**
 * The kernel's own number for "not supported". <linux/errno.h> of the kernel keeps it from user space, but `bpf(2)`
 * returns it, for program types that BPF_PROG_TEST_RUN does not know among others.
 */
const ENOTSUPP = 524;

/** What the compiler compares the names with. */
export const ERRNO_CONSTANTS: ConstantGroup = {
  header: "errno.h",
  values: Object.fromEntries(NAMES.map((name, index) => [name, index + 1]).filter(([name]) => name !== "-")),
};

/**
 * The name of an error number.
 *
 * @param errno A positive error number.
 * @returns The name, such as `EPERM`, or `errno 4001` where Linux gives it none.
 */
export function errnoName(errno: number): string {
  if (errno === ENOTSUPP) return "ENOTSUPP";
  const name = NAMES[errno - 1];
  return name === undefined || name === "-" ? `errno ${errno}` : name;
}

/**
 * The number of an error name.
 *
 * @param name A name such as `ENOSPC`.
 * @returns The positive error number.
 */
export function errnoNumber(name: string): number {
  if (name === "ENOTSUPP") return ENOTSUPP;
  const index = name === "-" ? -1 : NAMES.indexOf(name);
  if (index < 0) throw new RangeError(`Cannot find error number: ${name} is not a Linux error name`);
  return index + 1;
}
