/**
 * Sources that nobody closed: what they hold of the kernel is given back when the garbage collector finds them, at some
 * time or other. That is a safety net; who closes a source knows when.
 *
 * @module
 */

/** A part of what a source holds. */
export interface Closable {
  /** Gives it back. Cannot fail. */
  close(): void;
}

// Lifetime: the parts must not know their source, else it could never be collected. The buffer over the rings is one of
// them, and a part detaches it before it unmaps: so a view that outlives the source reads nothing.
const forgotten = new FinalizationRegistry<readonly Closable[]>(closeAll);

/**
 * Closes the parts of a source once nothing refers to the source any more.
 *
 * @param source The source.
 * @param parts What it holds, in the order of closing.
 */
export function closeWhenForgotten(source: object, parts: readonly Closable[]): void {
  forgotten.register(source, parts, source);
}

/**
 * Closes the parts of a source now.
 *
 * @param source The source, given to `closeWhenForgotten` before.
 * @param parts What it holds, in the order of closing.
 */
export function closeNow(source: object, parts: readonly Closable[]): void {
  forgotten.unregister(source);
  closeAll(parts);
}

function closeAll(parts: readonly Closable[]): void {
  for (const part of parts) part.close();
}
