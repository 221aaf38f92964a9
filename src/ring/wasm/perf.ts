// @ts-nocheck AssemblyScript, compiled by `deno task build`: u32, usize, load and store are its own.
/**
 * The scanner for perf rings, in AssemblyScript: finds what src/ring/perf_scanner.ts finds, by the same checks, in one call
 * per batch. The record formats stand in <linux/perf_event.h>.
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
import { HEAD, HEAD_AT, LEAD, LOST, OFFSETS, POSITION, SIZES, VALID, VANISHED_AT } from "./state.ts";

/** `enum perf_event_type`, and the misc bits of a record of the kernel. */
const PERF_RECORD_LOST: u32 = 2;
const PERF_RECORD_SAMPLE: u32 = 9;
const PERF_RECORD_MISC_KERNEL: u32 = 1;

/** `struct perf_event_header { u32 type; u16 misc; u16 size; }`, loaded as a u64: the size is in its highest bits. */
const SIZE_WORD = 4;
const SIZE = 6;
const HEADER_BYTES: u32 = 8;

/** PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW only: `header; u32 size; char data[size]`. */
const RAW_SIZE = 8;
const RAW_DATA: u32 = 12;

/** PERF_RECORD_LOST: `header; u64 id; u64 lost`. */
const LOST_COUNT = 16;
const LOST_BYTES: u32 = 24;

/** `header.size - 8` of a valid record has none of these bits: at least 8, a multiple of 8, a u16. */
const BAD_SIZE_BITS: u32 = 0xffff0007;

/** The header of a sample without a body, with which no other is compared in vain: misc 0, size 8. */
const SMALLEST_SAMPLE: u64 = (<u64> 8 << 48) | PERF_RECORD_SAMPLE;

/** The raw size of a record of 65,536 bytes, whose header says 0. */
const VANISHED_RAW_BYTES: u32 = 65536 - 12;

/**
 * Loads the ring's head.
 *
 * @param ring The ring's state.
 * @returns Whether anything is there to scan.
 */
export function beginPerf(ring: usize): bool {
  // Ordering: load-acquire of data_head before the records; pairs with the kernel's barrier between writing them and
  // storing data_head, kernel/events/ring_buffer.c perf_output_put_handle(), (B) and (C) of its table.
  const head: u64 = atomic.load<u64>(load<u32>(ring, HEAD_AT));
  store<u64>(ring, head, HEAD);
  return <u32> head !== load<u32>(ring, POSITION) || hasVanished(ring);
}

/**
 * Fills the batch with the next records of this pass.
 *
 * @param ring The ring's state.
 * @returns Whether the batch holds anything.
 */
export function scanPerf(ring: usize): bool {
  clear(ring);
  const data: u32 = load<u32>(ring, DATA);
  const ringBytes: u32 = load<u32>(ring, BYTES);
  const isWhole: bool = load<u32>(ring, LEAD) === 0;
  const isFiltered: bool = load<u32>(ring, FILTER) !== 0;
  const head: u32 = load<u32>(ring, HEAD);
  const begun: u64 = load<u64>(ring, POSITION);
  const end: u32 = data + ringBytes;
  store<u64>(ring, begun, BEGUN);
  store<u64>(ring, begun, VALID);
  if (<u32> begun === head) {
    if (!hasVanished(ring)) return false;
    store<u32>(ring, 1, CORRUPT);
    store<i64>(ring, head, VANISHED_AT);
    return true;
  }

  const unread: u32 = head - <u32> begun;
  // Records are multiples of 8, and so are the positions between them.
  let healthy: bool = unread <= ringBytes && (<u32> begun & 7) === 0;
  let offset: u32 = data + (<u32> begun & (ringBytes - 1));
  // What makes a position of an offset: one less for each lap.
  let base: u32 = <u32> begun - offset;
  // Records [offset, limit) are contiguous.
  let limit: u32 = min<u32>(offset + unread, end);

  while (healthy) {
    if (isWhole) offset = takeWhole(ring, offset, limit, base);
    else if (isFiltered) offset = takeFiltered(ring, offset, limit, base);
    else offset = takeSamples(ring, offset, limit, base);
    const count: u32 = load<u32>(ring, COUNT);
    const left: u32 = head - (base + offset);
    if (left === 0 || count === CAPACITY) break;
    if (offset >= end) {
      offset -= ringBytes;
      base += ringBytes;
      limit = offset + left;
      continue;
    }
    const size: u32 = load<u16>(offset, SIZE);
    const firstPart: u32 = end - offset;
    const passesLimit: bool = offset + size > limit;
    const straddles: bool = passesLimit && limit === end && size > firstPart && size <= left;
    if (((size - 8) & BAD_SIZE_BITS) !== 0 || passesLimit !== straddles) {
      healthy = false;
      break;
    }
    if (straddles) {
      // Once per lap: copy the part at the start of the ring behind the part at its end, and go on there.
      memory.copy(end, data, size - firstPart);
      limit = offset + size;
      continue;
    }
    const type: u32 = load<u32>(offset);
    // A sample that was not taken lies about its raw size.
    if (type === PERF_RECORD_SAMPLE || (type === PERF_RECORD_LOST && size < LOST_BYTES)) {
      healthy = false;
      break;
    }
    if (type === PERF_RECORD_LOST) {
      // A loss is told in a batch of its own, between the records in front of it and those behind it.
      if (count > 0) break;
      store<f64>(ring, <f64> load<u64>(offset, LOST_COUNT), LOST);
      offset += size;
      break;
    }
    skip(ring, ring + 4 * count, 1);
    offset += size;
  }

  let moved: u32 = base + offset - <u32> begun;
  store<u64>(ring, begun + moved, VALID);
  // Unusable content is given up in a batch of its own, after the good records in front of it were delivered.
  if (!healthy && load<u32>(ring, COUNT) === 0) {
    store<u32>(ring, 1, CORRUPT);
    store<u32>(ring, min<u32>(unread - moved, ringBytes), CORRUPT_BYTES);
    moved = unread;
  }
  store<u64>(ring, begun + moved, POSITION);
  return moved !== 0;
}

/**
 * Takes samples with raw data up to the first record that is none, straddles the end of the ring, or lies about its size.
 *
 * @param ring The ring's state; its batch is filled on from its count.
 * @param first The first record.
 * @param limit Records up to here are contiguous.
 * @param base What makes a position of an offset.
 * @returns The place behind the last sample.
 */
function takeSamples(ring: usize, first: u32, limit: u32, base: u32): u32 {
  const full: usize = ring + 4 * CAPACITY;
  let offset: u32 = first;
  // Moves on by one word for each record: from it, each column of the batch is a constant away.
  let out: usize = ring + 4 * load<u32>(ring, COUNT);
  // The header of the last sample, which was validated, and the size in it: most records have the same, and then the next
  // one's place does not wait for this one's size to arrive.
  let seen: u64 = SMALLEST_SAMPLE;
  let size: u32 = HEADER_BYTES;
  while (offset < limit && out < full) {
    const header: u64 = load<u64>(offset);
    if (header !== seen) {
      const candidate: u32 = <u32> (header >> 48);
      if (((candidate - 8) & BAD_SIZE_BITS) !== 0 || <u32> header !== PERF_RECORD_SAMPLE) break;
      seen = header;
      size = candidate;
    }
    const next: u32 = offset + size;
    // In one load: the size of the raw data and its first word. What is behind a shorter record is not used.
    const raw: u64 = load<u64>(offset, RAW_SIZE);
    if (next > limit || <u64> <u32> raw + RAW_DATA > size) break;
    store<u32>(out, offset + RAW_DATA, OFFSETS);
    store<u32>(out, <u32> raw, SIZES);
    store<i32>(out, categoryOf(raw), CATEGORIES);
    store<u32>(out, base + next, ENDS);
    out += 4;
    offset = next;
  }
  store<u32>(ring, <u32> (out - ring) >> 2, COUNT);
  return offset;
}

/** As `takeSamples`; samples of categories that the filter does not hand on are counted and skipped. */
function takeFiltered(ring: usize, first: u32, limit: u32, base: u32): u32 {
  const filter: usize = load<u32>(ring, FILTER);
  const full: usize = ring + 4 * CAPACITY;
  let offset: u32 = first;
  let out: usize = ring + 4 * load<u32>(ring, COUNT);
  let seen: u64 = SMALLEST_SAMPLE;
  let size: u32 = HEADER_BYTES;
  // Since the last record of the batch.
  let skipped: u32 = 0;
  while (offset < limit && out < full) {
    const header: u64 = load<u64>(offset);
    if (header !== seen) {
      const candidate: u32 = <u32> (header >> 48);
      if (((candidate - 8) & BAD_SIZE_BITS) !== 0 || <u32> header !== PERF_RECORD_SAMPLE) break;
      seen = header;
      size = candidate;
    }
    const next: u32 = offset + size;
    const raw: u64 = load<u64>(offset, RAW_SIZE);
    if (next > limit || <u64> <u32> raw + RAW_DATA > size) break;
    if (passes(filter, categoryOf(raw))) {
      skip(ring, out, skipped);
      skipped = 0;
      store<u32>(out, offset + RAW_DATA, OFFSETS);
      store<u32>(out, <u32> raw, SIZES);
      store<i32>(out, categoryOf(raw), CATEGORIES);
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

/** As `takeSamples`, where samples carry more than raw data: the payload is all behind the header. */
function takeWhole(ring: usize, first: u32, limit: u32, base: u32): u32 {
  const full: usize = ring + 4 * CAPACITY;
  let offset: u32 = first;
  let out: usize = ring + 4 * load<u32>(ring, COUNT);
  while (offset < limit && out < full) {
    const header: u64 = load<u64>(offset);
    const size: u32 = <u32> (header >> 48);
    if (((size - 8) & BAD_SIZE_BITS) !== 0 || <u32> header !== PERF_RECORD_SAMPLE) break;
    const next: u32 = offset + size;
    if (next > limit) break;
    store<u32>(out, offset + HEADER_BYTES, OFFSETS);
    store<u32>(out, size - HEADER_BYTES, SIZES);
    store<i32>(out, -1, CATEGORIES);
    store<u32>(out, base + next, ENDS);
    out += 4;
    offset = next;
  }
  store<u32>(ring, <u32> (out - ring) >> 2, COUNT);
  return offset;
}

/**
 * Takes the events back that the filter has counted behind the position, where the ring has gone back.
 *
 * @param ring The ring's state.
 */
export function takeBackPerf(ring: usize): void {
  const data: u32 = load<u32>(ring, DATA);
  const mask: u32 = load<u32>(ring, BYTES) - 1;
  const filter: usize = load<u32>(ring, FILTER);
  const position: u64 = load<u64>(ring, POSITION);
  const valid: u64 = load<u64>(ring, VALID);
  let at: u64 = position;
  while (<i64> (valid - at) > 0) {
    // The record that straddles the end of the ring still has its second part behind it.
    const offset: u32 = data + (<u32> at & mask);
    const size: u32 = load<u16>(offset, SIZE);
    if (size < HEADER_BYTES) break; // overwritten since: there is nothing left to tell
    if (load<u32>(offset) === PERF_RECORD_SAMPLE) takeBack(filter, categoryOf(load<u64>(offset, RAW_SIZE)));
    at += size;
  }
  store<u64>(ring, position, VALID);
}

/** The category in the first 8 bytes of a sample's body, the size of the raw data and its first word; -1 for none. */
function categoryOf(raw: u64): i32 {
  return <u32> raw >= 4 ? <i32> (raw >> 32) : -1;
}

/**
 * Whether a record stands at the head that the kernel has written and then forgotten: its size needs 17 bits, the header
 * keeps 16 of them, which are 0, and so the head did not move (payloads of 65,517 to 65,524 bytes).
 */
function hasVanished(ring: usize): bool {
  const data: u32 = load<u32>(ring, DATA);
  const mask: u32 = load<u32>(ring, BYTES) - 1;
  const head: u32 = load<u32>(ring, HEAD);
  const offset: u32 = data + (head & mask);
  return (head & 7) === 0 && load<u32>(offset) === PERF_RECORD_SAMPLE &&
    load<u32>(offset, SIZE_WORD) === PERF_RECORD_MISC_KERNEL && // misc, and a size of 0
    load<u32>(data + ((head + RAW_SIZE) & mask)) === VANISHED_RAW_BYTES &&
    load<i64>(ring, VANISHED_AT) !== <i64> head;
}
