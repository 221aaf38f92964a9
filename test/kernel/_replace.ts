/**
 * Replaces native functions, for scripts that run in a process of their own: how the library behaves when a call fails
 * that cannot be made to fail here. Relies on the library binding its functions with Deno.dlopen,
 * or by the addresses that dlsym gives it, when it first needs them.
 */

import { NR_PERF_EVENT_OPEN } from "../../src/abi/linux.ts";
import { textUntilNul } from "../../src/ffi/cstring.ts";

type Native = (...parameters: unknown[]) => unknown;

/** The native functions of a library by symbol. */
type Bound = Record<string, Native>;
type Symbols = Readonly<Record<string, { readonly name?: string }>>;

/** A function in place of a native one, which it may call. */
export type Replacement = (call: () => unknown, parameters: readonly unknown[]) => unknown;

/** Where errno stands, once libc is bound. */
let cell: Int32Array | undefined;

/**
 * Sets errno, as the failing function would.
 *
 * @param error A positive error number.
 */
export function setErrno(error: number): void {
  cell![0] = error;
}

/** The C names of functions that are bound under another one. */
const C_NAMES: Readonly<Record<string, string>> = { perf_event_open: "syscall" };

/**
 * Replaces native functions in all libraries that are bound from now on.
 *
 * @param replacements What is called in their place, by the name they are bound under.
 */
export function replaceNative(replacements: Readonly<Record<string, Replacement>>): void {
  const byCName = new Map(Object.entries(replacements).map(([name, each]) => [C_NAMES[name] ?? name, each]));
  const names = new Map<bigint, string>();
  const replace = (name: string, native: Native): Native => {
    const replacement = byCName.get(name);
    if (replacement === undefined && name !== "__errno_location") return native;
    return (...parameters) => {
      const isOther = name === "syscall" && parameters[0] !== NR_PERF_EVENT_OPEN;
      const result = replacement === undefined || isOther
        ? native(...parameters)
        : replacement(() => native(...parameters), parameters);
      if (name === "__errno_location") {
        cell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(result as Deno.PointerObject, 4));
      }
      return result;
    };
  };

  const dlopen = Deno.dlopen as (path: string, symbols: Symbols) => { symbols: Bound; close(): void };
  const replacedOpen: typeof dlopen = (path, symbols) => {
    const library = dlopen(path, symbols);
    const bound = Object.fromEntries(
      Object.entries(library.symbols).map((
        [key, native],
      ) => [key, replace(symbols[key]!.name ?? key, native)]),
    );
    const { dlsym } = bound;
    if (dlsym !== undefined) {
      bound.dlsym = (handle, symbol) => {
        const address = dlsym(handle, symbol) as Deno.PointerObject;
        names.set(Deno.UnsafePointer.value(address), textUntilNul(symbol as Uint8Array));
        return address;
      };
    }
    return { symbols: bound, close: () => library.close() };
  };
  Deno.dlopen = replacedOpen as unknown as typeof Deno.dlopen;

  const NativePointer = Deno.UnsafeFnPointer;
  Deno.UnsafeFnPointer = class {
    readonly call: Native;

    constructor(pointer: Deno.PointerObject, definition: Deno.ForeignFunction) {
      const native = new NativePointer(pointer as never, definition as never);
      const call = native.call.bind(native) as unknown as Native;
      this.call = replace(names.get(Deno.UnsafePointer.value(pointer)) ?? "", call);
    }
  } as unknown as typeof Deno.UnsafeFnPointer;
}
