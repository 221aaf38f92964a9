/**
 * Replaces native functions, for scripts that run in a process of their own: how the library behaves when a call fails
 * that cannot be made to fail here. Relies on the library binding its functions with Deno.dlopen when it first needs them.
 */

/** The native functions of a library by symbol. */
type Bound = Record<string, (...parameters: unknown[]) => unknown>;

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

/**
 * Replaces native functions in all libraries that are bound from now on.
 *
 * @param replacements What is called in their place, by symbol.
 */
export function replaceNative(replacements: Readonly<Record<string, Replacement>>): void {
  const dlopen = Deno.dlopen as (path: string, symbols: unknown) => { symbols: Bound; close(): void };
  const replaced = (path: string, symbols: unknown): { symbols: Bound; close(): void } => {
    const library = dlopen(path, symbols);
    const bound = { ...library.symbols };
    const location = bound.__errno_location?.() as Deno.PointerObject | undefined;
    if (location !== undefined) cell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
    for (const [name, replacement] of Object.entries(replacements)) {
      const native = bound[name];
      if (native === undefined) continue;
      bound[name] = (...parameters) => replacement(() => native(...parameters), parameters);
    }
    return { symbols: bound, close: () => library.close() };
  };
  Deno.dlopen = replaced as unknown as typeof Deno.dlopen;
}
