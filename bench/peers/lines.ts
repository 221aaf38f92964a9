/**
 * How a peer in Deno reads requests and writes answers: without an event loop in between, so that between blocks its
 * thread sleeps in the kernel, as the peers in C do.
 *
 * @module
 */

/**
 * Writes one answer to stdout.
 *
 * @param line What becomes a line of JSON.
 */
export function answer(line: object): void {
  const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

/**
 * Reads stdin.
 *
 * @returns Its lines without their ends.
 */
export function* requests(): IterableIterator<string> {
  const chunk = new Uint8Array(4096);
  const decoder = new TextDecoder();
  let text = "";
  for (let length = Deno.stdin.readSync(chunk); length !== null; length = Deno.stdin.readSync(chunk)) {
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

/**
 * Runs a peer; what it throws becomes its last answer.
 *
 * @param main The peer.
 */
export function runPeer(main: (args: readonly string[]) => void): void {
  try {
    main(Deno.args);
  } catch (error) {
    answer({ error: textOf(error) });
    Deno.exitCode = 1;
  }
}

/** A TypeError is most likely a mistake of the program, so its place is told too. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TypeError ? error.stack ?? error.message : error.message;
}
