/**
 * The shape in which every C struct of this folder is written down: its header, its size and the byte
 * offset of each field we touch. A test compiles a C program from these tables and compares every
 * number with `sizeof` and `offsetof`, so nothing here is taken on trust.
 *
 * @module
 */

/** One C struct: where it is declared, how large it is, and where its fields stand. */
export interface StructLayout {
  /** The header that declares it, as written between `#include <` and `>`. */
  readonly header: string;
  /** The C type, as written in a declaration, such as `struct perf_event_attr`. */
  readonly type: string;
  /** `sizeof`, in bytes. */
  readonly size: number;
  /** Set where newer headers append fields: then `size` is the part we know, and theirs may be larger. */
  readonly grows?: true;
  /** `offsetof` of each field we touch, in bytes, under the field's C name. */
  readonly offsets: Readonly<Record<string, number>>;
}

/** A group of C constants and the header that defines them; compared with the compiler by the same test. */
export interface ConstantGroup {
  /** The header that defines them. */
  readonly header: string;
  /** Each value under its C name. */
  readonly values: Readonly<Record<string, number>>;
}
