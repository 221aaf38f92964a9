/**
 * Reads of memory, by kind of view and by what lies under it.
 *
 * @module
 */

import { Reservation } from "../../../src/source/reservation.ts";
import { type Crossing, loopOf } from "./crossing.ts";

/** A page of WebAssembly; small enough for the caches nearest to the core. */
const BYTES = 65_536;

/** Of half of it, so that the reads are no lap of a whole cache. */
const MASK = 0x7ff8;

/** A view, and the expression that reads a word by it. */
interface Read {
  readonly name: string;
  readonly body: string;
  view(buffer: ArrayBufferLike): unknown;
}

const dataView = (buffer: ArrayBufferLike): DataView => new DataView(buffer);

/** Where the words are that are read, one behind the other. */
const AT = `(i << 3) & ${MASK}`;

const READS: readonly Read[] = [
  { name: "DataView.getInt32", body: `view.getInt32(${AT}, true)`, view: dataView },
  { name: "DataView.getBigUint64", body: `Number(view.getBigUint64(${AT}, true))`, view: dataView },
  {
    name: "DataView, u64 of two halves",
    body: `view.getUint32(${AT}, true) + view.getUint32((${AT}) + 4, true) * 4294967296`,
    view: dataView,
  },
  { name: "Int32Array", body: `view[(${AT}) >> 2]`, view: (buffer) => new Int32Array(buffer) },
  { name: "Float64Array", body: `view[(${AT}) >> 3]`, view: (buffer) => new Float64Array(buffer) },
  {
    name: "BigUint64Array",
    body: `Number(view[(${AT}) >> 3])`,
    view: (buffer) => new BigUint64Array(buffer),
  },
];

/**
 * Makes the crossings. The mapped memory stays mapped.
 *
 * @returns The crossings.
 */
export function reads(): Crossing[] {
  const memories = {
    "an ArrayBuffer": new ArrayBuffer(BYTES),
    "mapped memory": new Reservation(BYTES).buffer,
    "a WebAssembly.Memory": new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer,
  };
  const ofViews = Object.entries(memories).flatMap(([memory, buffer]) =>
    READS.map(({ name, body, view }) =>
      loopOf({ group: `read of ${memory}`, name, body, scope: { view: view(buffer) } })
    )
  );
  return [...ofViews, ...pointerReads(memories["mapped memory"])];
}

function pointerReads(buffer: ArrayBuffer): Crossing[] {
  const view = new Deno.UnsafePointerView(Deno.UnsafePointer.of(buffer)!);
  const group = "read of mapped memory";
  return [
    loopOf({ group, name: "UnsafePointerView.getInt32", body: `view.getInt32(${AT})`, scope: { view } }),
    loopOf({
      group,
      name: "UnsafePointerView.getBigUint64",
      body: `Number(view.getBigUint64(${AT}))`,
      scope: { view },
    }),
  ];
}
