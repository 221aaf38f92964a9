/**
 * Sets the constants of a BPF object, `const volatile` variables in `.rodata`, before it is loaded. Names, places and
 * types come from the object's own BTF, so a value that does not fit is refused here and not by the verifier.
 *
 * @module
 */

import { BTF_KIND, BTF_TYPE, BTF_VAR_SECINFO } from "../abi/bpf.ts";
import { EventPipeError } from "../errors.ts";
import { cstring } from "../ffi/cstring.ts";
import { libbpf, readCstring } from "../ffi/libbpf.ts";

/** A value for a constant: integers as numbers or bigints, `bool` as boolean, anything else as its exact bytes. */
export type RodataValue = number | bigint | boolean | Uint8Array;

interface Variable {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** Whether the type is an integer or enum, and whether it is signed; null for arrays and structs. */
  readonly signed: boolean | null;
}

/**
 * The variables of `.rodata`.
 *
 * @param btf The object's `struct btf *`, or null if it has none.
 * @returns The variables; empty where there is no `.rodata`.
 */
export function readRodataVariables(btf: Deno.PointerValue): readonly Variable[] {
  if (btf === null) return [];
  const { btf__find_by_name_kind, btf__type_by_id } = libbpf();
  const id = btf__find_by_name_kind(btf, cstring(".rodata"), BTF_KIND.BTF_KIND_DATASEC);
  if (id < 0) return [];
  const section = new Deno.UnsafePointerView(btf__type_by_id(btf, id)!);
  const count = section.getUint32(BTF_TYPE.offsets.info) & 0xffff; // BTF_INFO_VLEN
  return Array.from({ length: count }, (_, index) => {
    const at = BTF_TYPE.size + index * BTF_VAR_SECINFO.size;
    const variable = new Deno.UnsafePointerView(
      btf__type_by_id(btf, section.getUint32(at + BTF_VAR_SECINFO.offsets.type))!,
    );
    return {
      name: readCstring(libbpf().btf__name_by_offset(btf, variable.getUint32(BTF_TYPE.offsets.name_off))),
      offset: section.getUint32(at + BTF_VAR_SECINFO.offsets.offset),
      size: section.getUint32(at + BTF_VAR_SECINFO.offsets.size),
      signed: signedness(btf, variable.getUint32(BTF_TYPE.offsets.size)),
    };
  });
}

/** Follows const, volatile and typedef to the type proper. `union { size; type }` holds the type for these kinds. */
function signedness(btf: Deno.PointerObject, id: number): boolean | null {
  const type = new Deno.UnsafePointerView(libbpf().btf__type_by_id(btf, id)!);
  const info = type.getUint32(BTF_TYPE.offsets.info);
  switch ((info >>> 24) & 0x1f) { // BTF_INFO_KIND
    case BTF_KIND.BTF_KIND_CONST:
    case BTF_KIND.BTF_KIND_VOLATILE:
    case BTF_KIND.BTF_KIND_TYPEDEF:
      return signedness(btf, type.getUint32(BTF_TYPE.offsets.size));
    case BTF_KIND.BTF_KIND_INT: // BTF_INT_ENCODING stands in the u32 behind the type
      return (((type.getUint32(BTF_TYPE.size) >>> 24) & 0x0f) & BTF_KIND.BTF_INT_SIGNED) !== 0;
    case BTF_KIND.BTF_KIND_ENUM:
      return info >>> 31 !== 0; // BTF_INFO_KFLAG: signed
    default:
      return null;
  }
}

/**
 * Writes values into the initial image of `.rodata`.
 *
 * @param image The image libbpf will load.
 * @param variables What {@linkcode readRodataVariables} gave.
 * @param values The values by variable name.
 * @throws {EventPipeError} `NOT_FOUND` for a name that is not there; the message lists those that are.
 * @throws {TypeError} If a value is of the wrong kind.
 * @throws {RangeError} If an integer does not fit its variable, or bytes do not have its size.
 */
export function writeRodata(
  image: DataView,
  variables: readonly Variable[],
  values: Readonly<Record<string, RodataValue>>,
): void {
  // All are looked at before the first is written: a wrong one changes nothing.
  const encoded = Object.entries(values).map(([name, value]) => {
    const variable = variables.find((candidate) => candidate.name === name);
    if (variable === undefined) {
      const names = variables.map((candidate) => candidate.name).join(", ");
      throw new EventPipeError(
        `Cannot set the constant ${name}: the object's .rodata has no such variable; it has ${
          names === "" ? "none" : names
        }`,
        "NOT_FOUND",
      );
    }
    return { offset: variable.offset, bytes: encode(variable, value) };
  });
  for (const { offset, bytes } of encoded) bytes.forEach((byte, i) => image.setUint8(offset + i, byte));
}

function encode({ name, size, signed }: Variable, value: RodataValue): Uint8Array {
  if (value instanceof Uint8Array) {
    if (value.length !== size) {
      throw new RangeError(
        `Cannot set the constant ${name}: it has ${size} bytes, the value has ${value.length}`,
      );
    }
    return value;
  }
  if (signed === null || ![1, 2, 4, 8].includes(size)) {
    throw new TypeError(
      `Cannot set the constant ${name}: it is no integer; give its ${size} bytes as a Uint8Array`,
    );
  }
  if (typeof value === "number" && !Number.isInteger(value)) {
    throw new RangeError(`Cannot set the constant ${name}: ${value} is no integer`);
  }
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") {
    throw new TypeError(
      `Cannot set the constant ${name}: a ${typeof value} is no number, bigint, boolean or Uint8Array`,
    );
  }
  const wide = BigInt(value);
  const bits = size * 8;
  const wrapped = signed ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide);
  if (wrapped !== wide) {
    throw new RangeError(
      `Cannot set the constant ${name}: ${value} does not fit ${signed ? "i" : "u"}${bits}`,
    );
  }
  return Uint8Array.from({ length: size }, (_, i) => Number((wide >> BigInt(8 * i)) & 0xffn));
}
