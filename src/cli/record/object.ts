/**
 * What `deno task record` records of a BPF object: the rings of one of its maps, written by all of its programs that
 * attach by their section.
 *
 * @module
 */

import { BPF } from "../../abi/bpf.ts";
import { EventPipeError, SyscallError } from "../../errors.ts";
import { mapType } from "../../ffi/map_info.ts";
import type { BpfMap } from "../../object/bpf_map.ts";
import { BpfObject } from "../../object/bpf_object.ts";
import type { BpfLink } from "../../object/bpf_program.ts";
import { PerfSource } from "../../source/perf.ts";
import { RingbufSource } from "../../source/ringbuf.ts";
import type { Source } from "../../source/source.ts";
import { didYouMean, UsageError } from "../args.ts";

/** What was asked for on the command line. */
export interface ObjectOptions {
  /** The map; needed only where several are rings. */
  readonly map: string | undefined;
  /** The size of each CPU's ring; of perf event arrays only. */
  readonly ringBytes: number | undefined;
  /** Wake the recorder after so many bytes; of perf event arrays only. */
  readonly wakeup: number | undefined;
  /** The CPUs; of perf event arrays only. All that are online if empty. */
  readonly cpu: readonly number[];
}

/** Ring sizes where none was asked for. */
const RING_BYTES = 1024 * 1024;

/** The maps that are rings, by their types. */
const RING_TYPES: ReadonlyMap<number, "perf" | "ringbuf"> = new Map([
  [BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf"],
  [BPF.BPF_MAP_TYPE_RINGBUF, "ringbuf"],
]);

/** A loaded object, and the source over its rings. */
export class RecordedObject implements Disposable {
  /** The rings; owned by the pipe that is opened over it. */
  readonly source: Source;
  /** The size of each ring. */
  readonly ringBytes: number;
  readonly #object: BpfObject;
  readonly #links: BpfLink[] = [];

  private constructor(object: BpfObject, source: Source, ringBytes: number) {
    this.#object = object;
    this.source = source;
    this.ringBytes = ringBytes;
  }

  /**
   * Loads an object and opens the rings of its map. Nothing runs yet.
   *
   * @param path The `.bpf.o` file.
   * @param options Which map, and how its rings are to be.
   * @returns The object.
   * @throws {UsageError} If there is no such file or map, or options do not fit the map.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open(path: string, options: ObjectOptions): RecordedObject {
    using cleanup = new DisposableStack();
    const object = cleanup.use(openObject(path));
    object.load();
    const { map, ring } = chooseMap(path, object, options.map);
    const opened = ring === "perf" ? openPerf(map, options) : openRingbuf(map, options);
    cleanup.move();
    return new RecordedObject(object, opened.source, opened.ringBytes);
  }

  /**
   * Attaches all programs that attach by their section.
   *
   * @returns The names of those that do, and of those that do not.
   * @throws {EventPipeError} If the kernel refuses one.
   */
  attach(): { readonly attached: readonly string[]; readonly others: readonly string[] } {
    const attached: string[] = [];
    const others: string[] = [];
    for (const name of this.#object.programNames) {
      try {
        this.#links.push(this.#object.program(name).attach());
        attached.push(name);
      } catch (error) {
        if (!hasNoTarget(error)) throw error;
        others.push(name);
      }
    }
    return { attached, others };
  }

  /** Detaches the programs. */
  detach(): void {
    for (const link of this.#links.splice(0)) link.close();
  }

  /** Detaches the programs and unloads the object. */
  [Symbol.dispose](): void {
    this.detach();
    this.#object.close();
  }
}

/** What cannot be opened is no object, or not there; only what is missing on this machine is not its name's fault. */
function openObject(path: string): BpfObject {
  try {
    return BpfObject.open(path);
  } catch (error) {
    const isWrongName = error instanceof EventPipeError && !["LIBRARY", "NOT_PERMITTED"].includes(error.code);
    throw isWrongName ? new UsageError(error.message) : error;
  }
}

/** libbpf answers EOPNOTSUPP for sections that name nothing to attach to; libbpf.c bpf_program__attach(). */
function hasNoTarget(error: unknown): boolean {
  const cause = error instanceof EventPipeError ? error.cause : undefined;
  return cause instanceof SyscallError && cause.code === "EOPNOTSUPP";
}

function chooseMap(
  path: string,
  object: BpfObject,
  name: string | undefined,
): { map: BpfMap; ring: "perf" | "ringbuf" } {
  const rings = object.mapNames.flatMap((each) => {
    const map = object.map(each);
    const ring = RING_TYPES.get(mapType(map.fd) ?? -1);
    return ring === undefined ? [] : [{ map, ring }];
  });
  const names = rings.map(({ map }) => map.name);
  if (name !== undefined) {
    const found = rings.find(({ map }) => map.name === name);
    if (found !== undefined) return found;
    const known = names.length === 0 ? "none" : names.join(", ");
    throw new UsageError(`${path} has no ring "${name}"${didYouMean(name, names)}; its rings are: ${known}`);
  }
  if (rings.length === 1) return rings[0]!;
  throw new UsageError(
    rings.length === 0
      ? `${path} has no ring: neither a perf event array nor a BPF ring buffer is among its maps`
      : `${path} has several rings; name one by --map: ${names.join(", ")}`,
  );
}

function openPerf(map: BpfMap, options: ObjectOptions): { source: Source; ringBytes: number } {
  const { ringBytes = RING_BYTES, wakeup, cpu } = options;
  const source = PerfSource.open({
    map,
    ringBytes,
    watermarkBytes: wakeup ?? ringBytes / 4,
    ...(cpu.length === 0 ? {} : { cpus: cpu }),
  });
  return { source, ringBytes };
}

function openRingbuf(map: BpfMap, options: ObjectOptions): { source: Source; ringBytes: number } {
  const { ringBytes, wakeup, cpu } = options;
  if (ringBytes !== undefined || wakeup !== undefined || cpu.length > 0) {
    throw new UsageError(
      `"${map.name}" is a BPF ring buffer, whose size and wake-ups are its program's; --ring-bytes, --wakeup and --cpu are for perf event arrays`,
    );
  }
  return { source: RingbufSource.open({ maps: [map] }), ringBytes: map.maxEntries };
}
