/**
 * Values as people write them: `AT_FDCWD`, flags of open(2), permissions, names of errors. For text output; programs get
 * the values themselves.
 *
 * @module
 */

import type { ConstantGroup } from "../abi/layout.ts";
import type { Value } from "./model.ts";
import { resultError } from "./result_error.ts";

const isArm = Deno.build.arch === "aarch64";

/** Flags of open(2); the first that fits is taken away, so sets stand before their parts. */
export const OPEN_FLAGS: ConstantGroup = {
  header: "asm/fcntl.h",
  values: {
    O_TMPFILE: isArm ? 0o20040000 : 0o20200000,
    O_SYNC: 0o4010000,
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_TRUNC: 0o1000,
    O_APPEND: 0o2000,
    O_NONBLOCK: 0o4000,
    O_DSYNC: 0o10000,
    FASYNC: 0o20000,
    O_DIRECT: isArm ? 0o200000 : 0o40000,
    O_LARGEFILE: isArm ? 0o400000 : 0o100000,
    O_DIRECTORY: isArm ? 0o40000 : 0o200000,
    O_NOFOLLOW: isArm ? 0o100000 : 0o400000,
    O_NOATIME: 0o1000000,
    O_CLOEXEC: 0o2000000,
    O_PATH: 0o10000000,
  },
};

const OPEN_FLAG_BITS = Object.entries(OPEN_FLAGS.values);
const ACCESS_MODES = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];
const ACCESS_MASK = 3;

/** <linux/fcntl.h> */
const AT_FDCWD = -100;

const ADDRESS_RESULTS = new Set(["brk", "mmap", "mremap", "shmat"]);

/**
 * The text of a system call's argument.
 *
 * @param call The bare name of the call.
 * @param name The argument.
 * @param value Its value.
 * @returns The text, or null where the value is as good.
 */
export function argumentText(call: string, name: string, value: Value): string | null {
  if (typeof value !== "number") return null;
  if (value === AT_FDCWD && /(^|_)(dfd|dirfd|olddfd|newdfd)$/.test(name)) return "AT_FDCWD";
  if (name === "flags" && (call === "open" || call === "openat")) return openFlags(value);
  if (name === "mode" && /^(?:f?chmod(?:at2?)?|creat|open(?:at)?|mk(?:dir|nod)(?:at)?|mq_open)$/.test(call)) {
    return octal(value);
  }
  return null;
}

/**
 * The text of what a system call returned.
 *
 * @param call The bare name of the call.
 * @param result What it returned.
 * @returns The number, with the error's name in place of an error: `-ENOENT`; addresses in hexadecimal.
 */
export function resultText(call: string, result: number | bigint): string {
  const value = BigInt(result);
  const error = resultError(value);
  if (error !== null) return `-${error}`;
  if (ADDRESS_RESULTS.has(call)) return `0x${BigInt.asUintN(64, value).toString(16)}`;
  return String(value);
}

function openFlags(value: number): string {
  const names = [ACCESS_MODES[value & ACCESS_MASK]!];
  let rest = value & ~ACCESS_MASK;
  for (const [name, bits] of OPEN_FLAG_BITS) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.join("|");
}

function octal(value: number): string {
  return value === 0 ? "0" : `0${value.toString(8)}`;
}
