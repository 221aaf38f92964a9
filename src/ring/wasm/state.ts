/**
 * Where the WASM scanners keep what they know of a ring, in the linear memory in which the ring lies: where it stands, how
 * far it was read, and the batch of the last scan. Compiled into the module and imported by the TypeScript around it, so it
 * is written in what both languages have: numbers.
 *
 * All members are in bytes from the start of a ring's state, which lies at a multiple of 8.
 *
 * @module
 */

/** u32: where the producer's position stands, in bytes from the start of the memory. */
export const HEAD_AT = 0;

/** u32: where the reader's position stands. */
export const TAIL_AT = 4;

/** u32: the first byte of the ring's data. */
export const DATA = 8;

/** u32: the size of the data, a power of two. */
export const BYTES = 12;

/** u32: bytes between a record's header and its payload; 0 where the payload is all of the record and has no category. */
export const LEAD = 16;

/** u32: where the filter by category stands; 0 where all events are handed on. */
export const FILTER = 20;

/** u64: the position scanned to. */
export const POSITION = 24;

/** u64: the position where the last scan began. */
export const BEGUN = 32;

/** u64: the position that was stored for the producer last. */
export const TAIL = 40;

/** u64: the producer's position as this pass has loaded it. */
export const HEAD = 48;

/** i64: low word of the head at which a record that vanished was counted; -1 for none. */
export const VANISHED_AT = 56;

/** f64: of the last scan, `RecordBatch.lost`. */
export const LOST = 64;

/** u32: of the last scan, `RecordBatch.count`. */
export const COUNT = 72;

/** u32: of the last scan, `RecordBatch.skipped`. */
export const SKIPPED = 76;

/** u32: of the last scan, `RecordBatch.corrupt`. */
export const CORRUPT = 80;

/** u32: of the last scan, `RecordBatch.corruptBytes`. */
export const CORRUPT_BYTES = 84;

/** u64: the position behind the last record of the last scan, which is not the scan's where it has given bytes up. */
export const VALID = 88;

/** The most records of a batch, `RecordBatch.CAPACITY`. */
export const CAPACITY = 256;

/** i32[CAPACITY]: `RecordBatch.offsets`. */
export const OFFSETS = 96;

/** i32[CAPACITY]: `RecordBatch.sizes`. */
export const SIZES = 1120;

/** i32[CAPACITY]: `RecordBatch.categories`. */
export const CATEGORIES = 2144;

/** i32[CAPACITY]: `RecordBatch.ends`. */
export const ENDS = 3168;

/** i32[CAPACITY + 1]: how many records were skipped right in front of each, and behind the last. */
export const SKIPS = 4192;

/** The size of a ring's state: the above, rounded up to lines of the cache. */
export const STATE_BYTES = 5248;

/** Categories from 0 that a filter can tell apart; those above, and events without, are counted together. */
export const FILTER_CATEGORIES = 1024;

/** u8[FILTER_CATEGORIES + 1]: in bytes from the start of the filter, whether events of a category are handed on. */
export const FILTER_PASSES = 0;

/** u64[FILTER_CATEGORIES + 1]: how many were not. */
export const FILTER_COUNTS = 1032;

/** The size of the filter. */
export const FILTER_BYTES = 9232;
