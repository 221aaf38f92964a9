/**
 * The C types of tracepoint fields: how wide their integers are, and which typedefs hide a pointer. Format files tell the
 * size of a field, but not that of an array's element, nor that of a system call's argument, which always fills a word.
 *
 * @module
 */

/** How one integer is read. */
export interface IntegerShape {
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number;
  /** Whether it has a sign. */
  readonly signed: boolean;
}

const INTEGERS: ReadonlyMap<string, IntegerShape> = table([
  [1, false, "char, unsigned char, u8, __u8, uint8_t, bool, _Bool"],
  [1, true, "signed char, s8, __s8, int8_t"],
  [2, false, "unsigned short, short unsigned int, u16, __u16, uint16_t, umode_t, __be16, __le16"],
  [2, true, "short, short int, s16, __s16, int16_t"],
  [4, false, "unsigned, unsigned int, uint, u32, __u32, uint32_t, uid_t, gid_t, qid_t, dev_t, gfp_t"],
  [4, false, "__be32, __le32"],
  [4, true, "int, s32, __s32, int32_t, pid_t, clockid_t, timer_t, mqd_t, key_t, key_serial_t, rwf_t"],
  [8, false, "unsigned long, long unsigned int, unsigned long long, u64, __u64, uint64_t, size_t"],
  [8, false, "aio_context_t, ino_t, sector_t, dma_addr_t, phys_addr_t, resource_size_t, __be64, __le64"],
  [8, true, "long, long int, long long, s64, __s64, int64_t, ssize_t, off_t, loff_t, time64_t"],
  // A set of bits is carried as an array of words.
  [8, false, "cpumask_t"],
]);

const POINTERS = new Set([
  "cap_user_header_t",
  "cap_user_data_t",
  "fl_owner_t",
  "initcall_t",
  "xfs_failaddr_t",
]);

/**
 * The shape of an integer type on a 64-bit machine.
 *
 * @param type The C type, such as `const unsigned int`.
 * @returns Its shape, or null for a type that is not known.
 */
export function integerShape(type: string): IntegerShape | null {
  const bare = bareType(type);
  return INTEGERS.get(bare) ?? (bare.startsWith("enum ") ? INTEGERS.get("u32")! : null);
}

/**
 * Whether a type is a pointer, by its star or by its name.
 *
 * @param type The C type, such as `struct file *`.
 * @returns True for a pointer.
 */
export function isPointer(type: string): boolean {
  return type.includes("*") || POINTERS.has(bareType(type));
}

/**
 * A type without qualifiers and superfluous space.
 *
 * @param type The C type, such as `const  char *`.
 * @returns The bare type, such as `char *`.
 */
export function bareType(type: string): string {
  return type.replace(/\b(?:const|volatile|__user)\b/g, " ").replace(/\s+/g, " ").trim();
}

function table(rows: readonly (readonly [number, boolean, string])[]): Map<string, IntegerShape> {
  return new Map(
    rows.flatMap(([size, signed, types]) =>
      types.split(", ").map((type) => [type, { size, signed }] as const)
    ),
  );
}
