/**
 * Opens a shared library once, at first use, and tells a missing library, a missing symbol and a missing Deno
 * permission apart. The tables of libc and libbpf stand in their own files; nothing else calls `Deno.dlopen`.
 *
 * @module
 */

import { EventPipeError, LibraryError } from "../errors.ts";
import { cstring } from "./cstring.ts";

/** The functions of a library that are called often, and the others, each with its C signature. */
export interface LibraryTable {
  /**
   * Compiled: Deno makes machine code for each, which takes some 0.3 ms, when it is first used. A call then takes tens of
   * nanoseconds.
   */
  readonly hot: Deno.ForeignLibraryInterface;
  /** Called through their addresses: nothing to make, but a call takes microseconds. */
  readonly cold: Readonly<Record<string, Deno.ForeignFunction>>;
}

/** The bound functions of a table. */
export type Library<T extends LibraryTable> =
  & Deno.StaticForeignLibraryInterface<T["hot"]>
  & Deno.StaticForeignLibraryInterface<T["cold"]>;

/** The dynamic loader, `<dlfcn.h>`. */
const LOADER = {
  /** `void *dlopen(const char *filename, int flags)`. */
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  /** `void *dlsym(void *handle, const char *symbol)`. */
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** `<bits/dlfcn.h>`: bind at once; only what is loaded already. */
const RTLD_NOW = 2;
const RTLD_NOLOAD = 4;

let loader: Deno.StaticForeignLibraryInterface<typeof LOADER> | undefined;

/**
 * Opens a library and binds a table of functions.
 *
 * Lifetime: the library is never closed. A call through a closed library is a segmentation fault, and the
 * functions are handed out to every module of the isolate.
 *
 * @param library The file name given to the dynamic loader.
 * @param table The functions.
 * @param advice What to do if the library is missing.
 * @returns The bound functions.
 * @throws {EventPipeError} If the library or one of its functions is missing, or Deno has no permission to open it.
 */
export function openLibrary<const T extends LibraryTable>(
  library: string,
  table: T,
  advice: string,
): Library<T> {
  const { dlopen, dlsym } = loader ??= open("libc.so.6", LOADER, advice).symbols;
  const opened = open(library, {}, advice);
  const handle = dlopen(cstring(library), RTLD_NOW | RTLD_NOLOAD); // keeps it open
  opened.close();
  const bound = {};
  const addressOf = <F>(key: string, name = key): Deno.PointerObject<F> => {
    const address = dlsym(handle, cstring(name));
    if (address === null) throw missing(library, name, advice);
    return address as Deno.PointerObject<F>;
  };
  for (const [key, symbol] of Object.entries(table.cold)) {
    const pointer = new Deno.UnsafeFnPointer(addressOf<Deno.ForeignFunction>(key, symbol.name), symbol);
    const value = (...values: Parameters<typeof pointer.call>): unknown => pointer.call(...values);
    Object.defineProperty(bound, key, { value, enumerable: true });
  }
  for (const [key, symbol] of Object.entries(table.hot)) {
    addressOf(key, symbol.name);
    const get = (): unknown => {
      const value = open(library, { [key]: symbol }, advice).symbols[key];
      Object.defineProperty(bound, key, { value });
      return value;
    };
    Object.defineProperty(bound, key, { get, enumerable: true, configurable: true });
  }
  return bound as Library<T>;
}

function missing(library: string, symbol: string, advice: string): EventPipeError {
  const cause = new LibraryError(library, symbol);
  return new EventPipeError(
    `Cannot bind ${symbol} of ${library}: it has no such function; ${advice}`,
    "LIBRARY",
    cause,
  );
}

/**
 * Opens a library for one look at it.
 *
 * Lifetime: it is closed behind the look, so nothing of it may be kept.
 *
 * @param library The file name given to the dynamic loader.
 * @param symbols The symbol table.
 * @param advice What to do if the library is missing.
 * @param look What is done with the bound functions.
 * @returns What `look` returned.
 */
export function lookIntoLibrary<const S extends Deno.ForeignLibraryInterface, T>(
  library: string,
  symbols: S,
  advice: string,
  look: (symbols: Deno.StaticForeignLibraryInterface<S>) => T,
): T {
  const opened = open(library, symbols, advice);
  try {
    return look(opened.symbols);
  } finally {
    opened.close();
  }
}

function open<const S extends Deno.ForeignLibraryInterface>(
  library: string,
  symbols: S,
  advice: string,
): Deno.DynamicLibrary<S> {
  try {
    // A grant for one file opens it, but all functions on pointers need the grant for everything; say so first.
    Deno.UnsafePointer.create(0n);
    return Deno.dlopen(library, symbols);
  } catch (error) {
    throw explain(error, library, advice);
  }
}

/** Deno reports both a missing library and a missing symbol as plain `Error`s with different texts. */
function explain(error: unknown, library: string, advice: string): EventPipeError {
  const text = (error instanceof Error ? error.message : String(error)).replace(
    /^(Could not open library: )+/,
    "",
  );
  if (error instanceof Deno.errors.NotCapable) {
    return new EventPipeError(
      `Cannot open ${library}: Deno has no permission to call native code; run with --allow-ffi, without paths behind it`,
      "NOT_PERMITTED",
      error,
    );
  }
  const symbol = /Failed to register symbol (\S+):/.exec(text)?.[1] ?? null;
  const cause = new LibraryError(library, symbol, error);
  const what = symbol === null ? `Cannot open ${library}` : `Cannot bind ${symbol} of ${library}`;
  return new EventPipeError(`${what}: ${text}; ${advice}`, "LIBRARY", cause);
}
