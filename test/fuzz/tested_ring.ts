/**
 * What a ring under test is, for its reader: its memory, and an oracle that says what a scan of it has to say.
 *
 * @module
 */

import { RecordBatch } from "../../src/ring/record_batch.ts";
import type { GuardedMemory, Range } from "./memory.ts";

/** A u64 in two words. */
export interface U64 {
  /** The upper one. */
  high: number;
  /** The lower one. */
  low: number;
}

/** What one scan has to say. */
export class Reading {
  /** How many events. */
  count = 0;
  /** Where the payload of each begins, in bytes from the start of the data; it may go on behind the data's end. */
  readonly starts: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** Bytes of each payload. */
  readonly sizes: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** Whether each begins with a category, as far as its size goes. */
  hasCategories = true;
  /** The position behind each record, a low word. */
  readonly ends: Uint32Array = new Uint32Array(RecordBatch.CAPACITY);
  /** How many records were skipped in front of each event, and behind the last. */
  readonly skips: Int32Array = new Int32Array(RecordBatch.CAPACITY + 1);
  /** The sum of them. */
  skipped = 0;
  /** Events that were lost at this place. */
  lost = 0;
  /** 1 if all up to the head was given up. */
  corrupt = 0;
  /** The bytes given up so. */
  corruptBytes = 0;
  /** How far the scan comes, a low word. */
  position = 0;
  /** Whether it moves, which the position does not tell where it goes around 2^32. */
  moves = false;

  /**
   * Begins anew.
   *
   * @param position Where the scan begins, a low word.
   */
  clear(position: number): void {
    this.count =
      this.skipped =
      this.lost =
      this.corrupt =
      this.corruptBytes =
        0;
    this.skips.fill(0);
    this.position = position;
    this.moves = false;
  }

  /**
   * Goes on behind a record.
   *
   * @param bytes Its size.
   */
  move(bytes: number): void {
    this.position = (this.position + bytes) >>> 0;
    this.moves = true;
  }

  /**
   * Adds an event and goes on behind its record.
   *
   * @param start Where its payload begins.
   * @param size Bytes of the payload.
   * @param recordBytes Bytes of the record.
   */
  add(start: number, size: number, recordBytes: number): void {
    this.move(recordBytes);
    this.starts[this.count] = start;
    this.sizes[this.count] = size;
    this.ends[this.count] = this.position;
    this.count++;
  }

  /**
   * Adds a record that is skipped and goes on behind it.
   *
   * @param recordBytes Bytes of the record.
   */
  skip(recordBytes: number): void {
    this.move(recordBytes);
    this.skips[this.count]!++;
    this.skipped++;
  }

  /**
   * Gives up what is unread; but where events stand in front of it, the next scan does.
   *
   * @param head Where to go, a low word.
   * @param bytes How much that is.
   */
  giveUp(head: number, bytes: number): void {
    if (this.count > 0) return;
    this.corrupt = 1;
    this.corruptBytes = bytes;
    this.position = head;
    this.moves = true;
  }

  /**
   * How many records were skipped behind an event.
   *
   * @param index The event.
   * @returns The count.
   */
  skippedBehind(index: number): number {
    let sum = 0;
    for (let i = index + 1; i <= this.count; i++) sum += this.skips[i]!;
    return sum;
  }
}

/** A ring whose bytes and rules the oracle knows. */
export interface TestedRing {
  /** All its memory. */
  readonly memory: GuardedMemory;
  /** Where its data stands. */
  readonly data: Range;
  /** What continues a record that straddles the data's end; right behind the data. */
  readonly continued: Range;
  /** Where a scan may write. */
  readonly writable: Range;
  /** Where the reader's position stands, a u64. */
  readonly tail: Range;
  /**
   * The producer's position as `begin` has to find it.
   *
   * @param position The low word of the position scanned to.
   * @param tail The reader's position as it is stored.
   * @returns Its low word, or null if it cannot be: then the scan gives up.
   */
  loadHead(position: number, tail: Readonly<U64>): number | null;
  /**
   * Whether there is something to tell.
   *
   * @param position The low word of the position scanned to.
   * @param head What `loadHead` gave.
   * @returns What `begin` has to return.
   */
  hasUnread(position: number, head: number | null): boolean;
  /**
   * The oracle.
   *
   * @param from The low word of the position to begin at.
   * @param head What `loadHead` gave.
   * @param tail The reader's position as it is stored; moved where the ring has to be read from elsewhere.
   * @param reading Filled.
   */
  read(from: number, head: number | null, tail: U64, reading: Reading): void;
}
