// @ts-nocheck AssemblyScript, compiled by `deno task build`: u32, usize, load and store are its own.
/**
 * The scanner for BPF ring buffers, in AssemblyScript: finds what src/ring/ringbuf_scanner.ts finds, by the same checks, in
 * one call per batch. The protocol is that of kernel/bpf/ringbuf.c; the bits of a record's header stand in <linux/bpf.h>.
 *
 * @module
 */

import { passes, takeBack } from "./filter.ts";
import { clear, skip } from "./positions.ts";
import {
  BEGUN,
  BYTES,
  CAPACITY,
  CATEGORIES,
  CORRUPT,
  CORRUPT_BYTES,
  COUNT,
  DATA,
  ENDS,
  FILTER,
} from "./state.ts";
import { HEAD, HEAD_AT, LEAD, OFFSETS, POSITION, SIZES, TAIL, VALID } from "./state.ts";

const BPF_RINGBUF_BUSY_BIT: u32 = 0x80000000;
const BPF_RINGBUF_DISCARD_BIT: u32 = 0x40000000;
const BPF_RINGBUF_HDR_SZ: u32 = 8;

/** What is left of a length word without its two bits. */
const LENGTH_BITS: u32 = 0x3fffffff;

/** A category is a u32. */
const CATEGORY_BYTES: u32 = 4;

/** Further in front of a position than any ring is long. */
const TOO_FAR: u32 = 0x80000000;

/**
 * Loads the producer's position.
 *
 * @param ring The ring's state.
 * @returns Whether anything is there to scan.
 */
export function beginRingbuf(ring: usize): bool {
  // Ordering: load-acquire of producer_pos before the length words of the records in front of it; pairs with the
  // smp_store_release() in kernel/bpf/ringbuf.c __bpf_ringbuf_reserve(), which has marked them busy by then.
  let head: u64 = atomic.load<u64>(load<u32>(ring, HEAD_AT));
  const position: u64 = load<u64>(ring, POSITION);
  // What does not fit into a word is too far, and must stay so in the low words that are compared from here on.
  if (head - position > <u64> u32.MAX_VALUE) head = position + TOO_FAR;
  store<u64>(ring, head, HEAD);
  return head !== position;
}

/**
 * Fills the batch with the next records of this pass, up to one that is busy.
 *
 * @param ring The ring's state.
 * @returns Whether the batch holds anything.
 */
export function scanRingbuf(ring: usize): bool {
  clear(ring);
  const data: u32 = load<u32>(ring, DATA);
  const ringBytes: u32 = load<u32>(ring, BYTES);
  const lead: u32 = load<u32>(ring, LEAD);
  const filter: usize = load<u32>(ring, FILTER);
  const begun: u64 = load<u64>(ring, POSITION);
  const unread: u32 = load<u32>(ring, HEAD) - <u32> begun;
  store<u64>(ring, begun, BEGUN);
  store<u64>(ring, begun, VALID);
  if (unread === 0) return false;
  if (unread > ringBytes) return giveUp(ring);

  const start: u32 = data + (<u32> begun & (ringBytes - 1));
  const base: u32 = <u32> begun - start;
  const limit: u32 = start + unread;
  const full: usize = ring + 4 * CAPACITY;
  let offset: u32 = start;
  // The kernel keeps positions at multiples of 8.
  let healthy: bool = (<u32> begun & 7) === 0;
  while (healthy) {
    offset = takeRecords(ring, offset, limit, base);
    const out: usize = ring + 4 * load<u32>(ring, COUNT);
    if (offset >= limit || out === full) break;
    // Ordering: load-acquire of the length before the record's data; pairs with the xchg() in bpf_ringbuf_commit().
    const word: u32 = atomic.load<u32>(offset);
    const length: u32 = word & LENGTH_BITS;
    const next: u32 = offset + ((BPF_RINGBUF_HDR_SZ + length + 7) & ~7);
    // A busy record has its length already.
    healthy = next <= limit;
    if (!healthy || (word & BPF_RINGBUF_BUSY_BIT) !== 0) break;
    const isShort: bool = length < lead;
    const payload: u32 = offset + BPF_RINGBUF_HDR_SZ + (isShort ? 0 : lead);
    const size: u32 = isShort ? 0 : length - lead;
    const category: i32 = lead !== 0 && size >= CATEGORY_BYTES ? load<i32>(payload) : -1;
    if ((word & BPF_RINGBUF_DISCARD_BIT) !== 0 || (filter !== 0 && !passes(filter, category))) {
      skip(ring, out, 1);
    } else {
      store<u32>(out, payload, OFFSETS);
      store<u32>(out, size, SIZES);
      store<i32>(out, category, CATEGORIES);
      store<u32>(out, base + next, ENDS);
      store<u32>(ring, load<u32>(ring, COUNT) + 1, COUNT);
    }
    offset = next;
  }

  let moved: u32 = offset - start;
  store<u64>(ring, begun + moved, VALID);
  // Unusable content is given up in a batch of its own, after the good records in front of it were delivered.
  if (!healthy && load<u32>(ring, COUNT) === 0) {
    store<u32>(ring, 1, CORRUPT);
    store<u32>(ring, unread - moved, CORRUPT_BYTES);
    moved = unread;
  }
  store<u64>(ring, begun + moved, POSITION);
  return moved !== 0;
}

/**
 * Takes records up to the first that is busy or discarded, too short for what begins a record, or lies about its length.
 *
 * @param ring The ring's state; its batch is filled on from its count.
 * @param first The first record.
 * @param limit Where the unread bytes end.
 * @param base What makes a position of an offset.
 * @returns The place behind the last record.
 */
function takeRecords(ring: usize, first: u32, limit: u32, base: u32): u32 {
  const lead: u32 = load<u32>(ring, LEAD);
  const filter: usize = load<u32>(ring, FILTER);
  const full: usize = ring + 4 * CAPACITY;
  // Since the last record of the batch.
  let skipped: u32 = 0;
  let offset: u32 = first;
  // Moves on by one word for each record: from it, each column of the batch is a constant away.
  let out: usize = ring + 4 * load<u32>(ring, COUNT);
  while (offset < limit && out < full) {
    const word: u32 = atomic.load<u32>(offset); // Ordering: as in scanRingbuf().
    const size: u32 = word - lead;
    const next: u32 = offset + ((BPF_RINGBUF_HDR_SZ + word + 7) & ~7);
    // One comparison finds what is too short and either bit: taken without a sign, all these are longer than any ring.
    if (size > LENGTH_BITS || next > limit) break;
    const payload: u32 = offset + BPF_RINGBUF_HDR_SZ + lead;
    const category: i32 = lead !== 0 && size >= CATEGORY_BYTES ? load<i32>(payload) : -1;
    if (filter === 0 || passes(filter, category)) {
      if (skipped !== 0) {
        skip(ring, out, skipped);
        skipped = 0;
      }
      store<u32>(out, payload, OFFSETS);
      store<u32>(out, size, SIZES);
      store<i32>(out, category, CATEGORIES);
      store<u32>(out, base + next, ENDS);
      out += 4;
    } else {
      skipped++;
    }
    offset = next;
  }
  skip(ring, out, skipped);
  store<u32>(ring, <u32> (out - ring) >> 2, COUNT);
  return offset;
}

/**
 * Takes the events back that the filter has counted behind the position, where the ring has gone back.
 *
 * @param ring The ring's state.
 */
export function takeBackRingbuf(ring: usize): void {
  const data: u32 = load<u32>(ring, DATA);
  const mask: u32 = load<u32>(ring, BYTES) - 1;
  const lead: u32 = load<u32>(ring, LEAD);
  const filter: usize = load<u32>(ring, FILTER);
  const position: u64 = load<u64>(ring, POSITION);
  const valid: u64 = load<u64>(ring, VALID);
  let at: u64 = position;
  while (<i64> (valid - at) > 0) {
    const offset: u32 = data + (<u32> at & mask);
    const word: u32 = load<u32>(offset);
    const length: u32 = word & LENGTH_BITS;
    if ((word & BPF_RINGBUF_DISCARD_BIT) === 0) {
      const isLong: bool = length >= lead + CATEGORY_BYTES;
      takeBack(filter, isLong ? load<i32>(offset + BPF_RINGBUF_HDR_SZ + lead) : -1);
    }
    at += (BPF_RINGBUF_HDR_SZ + length + 7) & ~7;
  }
  store<u64>(ring, position, VALID);
}

/** Goes to the producer's position where that is further than the ring is long: nobody knows what was overwritten. */
function giveUp(ring: usize): bool {
  const head: u64 = atomic.load<u64>(load<u32>(ring, HEAD_AT));
  store<u32>(ring, 1, CORRUPT);
  store<u32>(ring, load<u32>(ring, BYTES), CORRUPT_BYTES);
  store<u64>(ring, head, HEAD);
  store<u64>(ring, head, POSITION);
  // As if the stored position were right in front, so that the next one is stored whole.
  store<u64>(ring, head - 8, TAIL);
  return true;
}
