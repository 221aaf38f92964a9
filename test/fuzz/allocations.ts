/**
 * Counts memory as it is asked for. What the runtime says it holds would depend on when garbage is collected.
 *
 * @module
 */

/**
 * Counts the bytes of all `Uint8Array`s of a given length that are made meanwhile.
 *
 * @param action Called once.
 * @returns The bytes, and what the action returned.
 */
export function countAllocated<T>(action: () => T): { readonly bytes: number; readonly result: T } {
  const Original = globalThis.Uint8Array;
  let bytes = 0;
  globalThis.Uint8Array = new Proxy(Original, {
    construct(target, args): Uint8Array {
      if (typeof args[0] === "number") bytes += args[0];
      return Reflect.construct(target, args);
    },
  });
  try {
    return { result: action(), bytes };
  } finally {
    globalThis.Uint8Array = Original;
  }
}
