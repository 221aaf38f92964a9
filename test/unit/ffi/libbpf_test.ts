/** libbpf as it is bound: declared parameters agree with what the library does. */

import { assertEquals, assertMatch } from "@std/assert";
import { textUntilNul } from "../../../src/ffi/cstring.ts";
import { libbpf, LIBBPF_SYMBOLS, readCstring } from "../../../src/ffi/libbpf.ts";
import { errno } from "../../../src/ffi/libc.ts";
import { errnoName } from "../../../src/abi/errno.ts";
import { nativeTest } from "./_native.ts";

nativeTest("libbpf", "libbpf is of version 1 and gives the same functions at every call", () => {
  assertMatch(readCstring(libbpf().libbpf_version_string()), /^v1\./);
  assertEquals(libbpf() === libbpf(), true);
});

nativeTest("libbpf", "every bound function is there under its C name", () => {
  assertEquals(Object.keys(libbpf()).sort(), [...LIBBPF_SYMBOLS].sort());
});

nativeTest("libbpf", "a function that returns a pointer returns NULL and sets errno", () => {
  const object = libbpf().bpf_object__open_mem(Uint8Array.of(1, 2, 3, 4), 4n, null);
  const error = errno();
  assertEquals(object, null);
  const text = new Uint8Array(64);
  libbpf().libbpf_strerror(error, text, BigInt(text.length));
  assertMatch(textUntilNul(text), /BPF object format invalid/); // LIBBPF_ERRNO__FORMAT
});

nativeTest("libbpf", "a function that returns an int returns the negative error number", () => {
  const key = new Uint32Array(1);
  assertEquals(errnoName(-libbpf().bpf_map_lookup_elem(-1, key, new Uint32Array(1))), "EBADF");
});

nativeTest("libbpf", "readCstring of NULL is empty", () => {
  assertEquals(readCstring(null), "");
});
