/**
 * Opens a shared library once, at first use, and tells a missing library, a missing symbol and a missing Deno
 * permission apart. The tables of libc and libbpf stand in their own files; nothing else calls `Deno.dlopen`.
 *
 * @module
 */

import { EventPipeError, LibraryError } from "../errors.ts";

/**
 * Opens a library and binds a table of symbols.
 *
 * Lifetime: the library is never closed. A call through a closed library is a segmentation fault, and the
 * functions are handed out to every module of the isolate.
 *
 * @param library The file name given to the dynamic loader.
 * @param symbols The symbol table.
 * @param advice What to do if the library is missing.
 * @returns The bound functions.
 */
export function openLibrary<const S extends Deno.ForeignLibraryInterface>(
  library: string,
  symbols: S,
  advice: string,
): Deno.StaticForeignLibraryInterface<S> {
  return open(library, symbols, advice).symbols;
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
