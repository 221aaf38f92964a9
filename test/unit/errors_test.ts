/** Errors: what a program reads from them and what a person does. */

import { assert, assertEquals } from "@std/assert";
import { errnoName, errnoNumber } from "../../src/abi/errno.ts";
import { assertThrows } from "@std/assert";
import {
  closedError,
  EventPipeError,
  type EventPipeErrorCode,
  LibraryError,
  SyscallError,
  syscallFailed,
  VerifierError,
} from "../../src/errors.ts";

const CODES: readonly [string, EventPipeErrorCode][] = [
  ["EPERM", "NOT_PERMITTED"],
  ["EACCES", "NOT_PERMITTED"],
  ["ENOSYS", "NOT_SUPPORTED"],
  ["EOPNOTSUPP", "NOT_SUPPORTED"],
  ["ENOTSUPP", "NOT_SUPPORTED"],
  ["ENODEV", "NOT_SUPPORTED"],
  ["EINVAL", "SYSCALL"],
  ["ENOENT", "SYSCALL"],
  ["ENOMEM", "SYSCALL"],
];

for (const [name, code] of CODES) {
  Deno.test(`syscallFailed makes ${code} of ${name}`, () => {
    assertEquals(syscallFailed("read", "read", errnoNumber(name)).code, code);
  });
}

Deno.test("syscallFailed says what was tried, what came back, what to do", () => {
  const error = syscallFailed("open a ring", "perf_event_open", 1, "run as root");
  assertEquals(error.message, "Cannot open a ring: perf_event_open returned EPERM (1); run as root");
  assertEquals(
    syscallFailed("open a ring", "mmap", 12).message,
    "Cannot open a ring: mmap returned ENOMEM (12)",
  );
});

Deno.test("syscallFailed keeps the call and its error number as the cause", () => {
  const { cause } = syscallFailed("open a ring", "perf_event_open", 13);
  assert(cause instanceof SyscallError);
  assertEquals([cause.name, cause.syscall, cause.errno, cause.code], [
    "SyscallError",
    "perf_event_open",
    13,
    "EACCES",
  ]);
});

Deno.test("errnoName names numbers, and says the number where Linux has no name", () => {
  assertEquals([1, 11, 95, 133, 524].map(errnoName), [
    "EPERM",
    "EAGAIN",
    "EOPNOTSUPP",
    "EHWPOISON",
    "ENOTSUPP",
  ]);
  assertEquals([0, 41, 58, 134, 4001, -1].map(errnoName), [
    "errno 0",
    "errno 41",
    "errno 58",
    "errno 134",
    "errno 4001",
    "errno -1",
  ]);
});

Deno.test("errnoNumber undoes errnoName, and refuses what is no name", () => {
  for (const name of ["EPERM", "ENOSPC", "EHWPOISON", "ENOTSUPP"]) {
    assertEquals(errnoName(errnoNumber(name)), name);
  }
  for (const name of ["ENONSENSE", "-", ""]) {
    assertThrows(() => errnoNumber(name), RangeError, "is not a Linux error name");
  }
});

Deno.test("VerifierError gives the last line before the statistics as the reason, and keeps the log", () => {
  const log = "0: R1=ctx R10=fp0\n0: (79) r1 = *(u64 *)(r1 +4)\ninvalid bpf_context access off=4 size=8\n" +
    "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n\n";
  const error = new VerifierError(log);
  assertEquals(error.message, "the verifier said: invalid bpf_context access off=4 size=8");
  assertEquals(error.log, log);
});

Deno.test("VerifierError finds the reason in front of empty lines", () => {
  assertEquals(
    new VerifierError("R0 !read_ok\n\nprocessed 1 insns\n").message,
    "the verifier said: R0 !read_ok",
  );
});

Deno.test("VerifierError says that the verifier said nothing", () => {
  for (const log of ["", "\n", "processed 0 insns\n"]) {
    assertEquals(new VerifierError(log).message, "the verifier said: nothing");
  }
});

Deno.test("LibraryError tells a missing library from a missing symbol", () => {
  assertEquals(new LibraryError("libbpf.so.1", null).message, "libbpf.so.1 cannot be opened");
  assertEquals(new LibraryError("libbpf.so.1", "btf__new").message, "libbpf.so.1 has no btf__new");
});

Deno.test("closedError has the code CLOSED and names the thing", () => {
  const error = closedError("poll", "the pipe");
  assertEquals([error.code, error.message], ["CLOSED", "Cannot poll: the pipe is closed"]);
});

Deno.test("EventPipeError has no cause unless one is given", () => {
  assertEquals("cause" in new EventPipeError("Cannot do it", "SYSCALL"), false);
  assertEquals(new EventPipeError("Cannot do it", "SYSCALL", null).cause, null);
});
