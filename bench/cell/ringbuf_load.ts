/**
 * Loads bench/cell/load_ringbuf.bpf.c, the load generator for a BPF ring buffer, and reads what it emitted. The bench's
 * producer drives it as it drives the one for perf rings.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { compileBpf, MissingToolError } from "../../src/cli/build.ts";
import { BpfObject } from "../../src/object/bpf_object.ts";
import { possibleCpus } from "../../src/source/cpus.ts";
import type { LossCounter } from "../../src/source/ringbuf_losses.ts";
import type { RingbufMap } from "../../src/source/ringbuf_map.ts";
import type { Setting } from "../setting.ts";

/** load_ringbuf.bpf.c: how the program wakes the reader. */
const WAKE_MODE = { adaptive: 0, never: 1, bytes: 2 } as const;

/** load_ringbuf.bpf.c: keys of its counters. */
const COUNTER = { produced: 0, refused: 1 } as const;

/**
 * Compiles the generator into build/bench.
 *
 * @returns The path of the object; null where there is no compiler, so that BPF ring buffers cannot be measured.
 */
export async function buildRingbufLoad(): Promise<string | null> {
  const source = fileURLToPath(new URL("load_ringbuf.bpf.c", import.meta.url));
  const object = fileURLToPath(new URL("../../build/bench/load_ringbuf.bpf.o", import.meta.url));
  try {
    await compileBpf(source, object);
    return object;
  } catch (error) {
    if (error instanceof MissingToolError) return null;
    throw error;
  }
}

/** The generator, loaded, with the ring it emits into. */
export class RingbufLoad implements Disposable {
  readonly #object: BpfObject;

  /**
   * @param path The compiled generator.
   * @param setting The size of the ring and how its reader is woken.
   */
  constructor(path: string, { ringBytes, wakeup }: Pick<Setting, "ringBytes" | "wakeup">) {
    this.#object = BpfObject.open(path);
    try {
      const mode = wakeup.kind === "bytes"
        ? WAKE_MODE.bytes
        : wakeup.kind === "adaptive"
        ? WAKE_MODE.adaptive
        : WAKE_MODE.never;
      const bytes = wakeup.kind === "bytes" ? wakeup.bytes : 0;
      this.#object.setRodata({ wake_mode: mode, wake_bytes: bytes });
      this.#object.map("events").setMaxEntries(ringBytes);
      this.#object.map("scratch").setMaxEntries(Math.max(...possibleCpus()) + 1);
      this.#object.load();
    } catch (error) {
      this.#object.close();
      throw error;
    }
  }

  /** The file descriptor of the program. */
  get programFd(): number {
    return this.#object.program("load").fd;
  }

  /** The ring's map. */
  get map(): RingbufMap {
    return this.#object.map("events");
  }

  /** Where the program counts what the ring refused. */
  get losses(): LossCounter {
    return { map: this.#object.map("counters"), key: COUNTER.refused };
  }

  /** How many events were tried. */
  get produced(): number {
    const values = new BigUint64Array(possibleCpus().length);
    const key = new Uint8Array(Uint32Array.of(COUNTER.produced).buffer);
    this.#object.map("counters").lookup(key, new Uint8Array(values.buffer));
    return Number(values.reduce((sum, value) => sum + value, 0n));
  }

  /** Unloads the generator. */
  [Symbol.dispose](): void {
    this.#object.close();
  }
}
