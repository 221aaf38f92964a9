/**
 * A copy of this checkout in which scanning a perf ring takes 10 % more time: what the gate must find. Relies on the text of
 * the scanner.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the benchmark and its comparison are made of. */
const PARTS = ["deno.json", "deno.lock", "mod.ts", "src", "bench", "bpf", "types"] as const;

const SCANNER = "src/ring/perf_scanner.ts";

/** Where `scan` begins. */
const SCAN = `  scan(ring: number, batch: RecordBatch): boolean {
    batch.clear();
`;

/**
 * Each twentieth batch takes 4.3 times its time, a sixth more for all: what scans a ring also reads what was scanned, so that is
 * a tenth of the whole. With each batch, the clock that has to be read would be a part of it.
 */
const SLOWED_SCAN = `  #scans = 0;

  scan(ring: number, batch: RecordBatch): boolean {
    if (++this.#scans % 20 !== 0) return this.#scanOnce(ring, batch);
    const start = monotonicNs();
    const isFilled = this.#scanOnce(ring, batch);
    const ns = monotonicNs() - start;
    while (monotonicNs() - start < 4.3 * ns);
    return isFilled;
  }

  #scanOnce(ring: number, batch: RecordBatch): boolean {
    batch.clear();
`;

/** Where its imports begin. */
const IMPORTS = `import { LOST_RECORD,`;
const SLOWED_IMPORTS = `import { monotonicNs } from "../ffi/clock.ts";
import { LOST_RECORD,`;

/** A copy of the checkout in a temporary folder, which goes when it is disposed. */
export interface Copy extends AsyncDisposable {
  /** Where it lies. */
  readonly path: string;
}

/**
 * Copies the checkout and slows the scanner down.
 *
 * @returns The copy.
 * @throws {Error} If the scanner does not have the text that is to be changed, once.
 */
export async function slowedCopy(): Promise<Copy> {
  const slowed = slowedScanner(await Deno.readTextFile(`${ROOT}/${SCANNER}`));
  const path = await Deno.makeTempDir({ prefix: "eventpipe-slowed-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(path, { recursive: true }));
  for (const part of PARTS) await copyTree(`${ROOT}/${part}`, `${path}/${part}`);
  await Deno.writeTextFile(`${path}/${SCANNER}`, slowed);
  const kept = cleanup.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Slows the scanner down.
 *
 * @param source Its text.
 * @returns The text of the slower one.
 * @throws {Error} If it does not have the text that is to be changed, once.
 */
export function slowedScanner(source: string): string {
  return replaceOnce(replaceOnce(source, SCAN, SLOWED_SCAN), IMPORTS, SLOWED_IMPORTS);
}

function replaceOnce(source: string, text: string, replacement: string): string {
  const parts = source.split(text);
  if (parts.length === 2) return parts.join(replacement);
  throw new Error(
    `Cannot slow the scanner down: "${text.trim()}" must stand once in ${SCANNER}, it stands there ${
      parts.length - 1
    } times; change it in bench/suites/gate_copy.ts too`,
  );
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyTree(`${from}/${name}`, `${to}/${name}`);
}
