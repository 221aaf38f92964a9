// @ts-nocheck AssemblyScript, compiled by `deno task build`: u32, usize, load and store are its own.
/**
 * The positions of a ring of either kind, in AssemblyScript: opening a ring, giving records back, going back. Positions are
 * the kernel's u64s.
 *
 * @module
 */

import { BEGUN, CORRUPT, CORRUPT_BYTES, COUNT, ENDS, HEAD, LOST, POSITION, SKIPPED } from "./state.ts";
import { CAPACITY, SKIPS, TAIL, TAIL_AT, VANISHED_AT } from "./state.ts";

/**
 * Begins where the ring's last reader stood.
 *
 * @param ring The ring's state, which says where it stands.
 */
export function open(ring: usize): void {
  const tail: u64 = atomic.load<u64>(load<u32>(ring, TAIL_AT));
  store<u64>(ring, tail, POSITION);
  store<u64>(ring, tail, BEGUN);
  store<u64>(ring, tail, TAIL);
  store<u64>(ring, tail, HEAD);
  store<i64>(ring, -1, VANISHED_AT);
}

/**
 * Gives all scanned records back to the producer.
 *
 * @param ring The ring's state.
 */
export function commit(ring: usize): void {
  storeTail(ring, load<u64>(ring, POSITION));
}

/**
 * Gives the records up to one of the batch back.
 *
 * @param ring The ring's state.
 * @param index The record.
 */
export function commitThrough(ring: usize, index: u32): void {
  storeTail(ring, endOf(ring, index));
}

/**
 * Goes back behind a record of the batch.
 *
 * @param ring The ring's state.
 * @param index The record; -1 for none.
 */
export function rewind(ring: usize, index: i32): void {
  store<u64>(ring, index < 0 ? load<u64>(ring, BEGUN) : endOf(ring, index), POSITION);
}

/**
 * Empties the batch.
 *
 * @param ring The ring's state.
 */
export function clear(ring: usize): void {
  if (load<u32>(ring, SKIPPED) !== 0) memory.fill(ring + SKIPS, 0, 4 * (CAPACITY + 1));
  store<u32>(ring, 0, COUNT);
  store<u32>(ring, 0, SKIPPED);
  store<u32>(ring, 0, CORRUPT);
  store<u32>(ring, 0, CORRUPT_BYTES);
  store<f64>(ring, 0, LOST);
}

/**
 * Counts records that are skipped.
 *
 * @param ring The ring's state.
 * @param out The state moved on by 4 bytes for each record of the batch.
 * @param count How many they are.
 */
export function skip(ring: usize, out: usize, count: u32): void {
  store<u32>(ring, load<u32>(ring, SKIPPED) + count, SKIPPED);
  store<u32>(out, load<u32>(out, SKIPS) + count, SKIPS);
}

/** The batch keeps the low words of positions; none of them is 4 GiB behind the scan's beginning. */
function endOf(ring: usize, index: u32): u64 {
  const begun: u64 = load<u64>(ring, BEGUN);
  const end: u32 = load<u32>(ring + 4 * index, ENDS);
  return begun + <u64> (end - <u32> begun);
}

/** A position is less than 4 GiB in front of the one that was stored last, so its low word tells the whole. */
function storeTail(ring: usize, position: u64): void {
  const stored: u64 = load<u64>(ring, TAIL);
  const distance: u32 = <u32> position - <u32> stored;
  if (distance === 0) return;
  const tail: u64 = stored + distance;
  store<u64>(ring, tail, TAIL);
  // Ordering: a sequentially consistent store, in one piece: the records' loads before it, and it before the look at the
  // head that the next wait begins with. Perf: pairs with the load of data_tail, (D) and (A) of the table in
  // kernel/events/ring_buffer.c perf_output_put_handle(). BPF ring buffers: with the loads of consumer_pos in
  // kernel/bpf/ringbuf.c __bpf_ringbuf_reserve() and bpf_ringbuf_commit().
  atomic.store<u64>(load<u32>(ring, TAIL_AT), tail);
}
