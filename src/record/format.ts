/**
 * The layout of a recording: a file head, then blocks, each with checksums of its own, so that a file is readable up to
 * where it was cut and damage is found. All numbers are little-endian. docs/recordings.md has the same as tables.
 *
 * ```text
 *  file head | HEAD block | DATA, LOST, LEFT, LIMT blocks in the order they happened | END block
 *
 *  block: u32 type | u32 length | u32 CRC-32 of the content | u32 CRC-32 of these 12 bytes | content
 * ```
 *
 * @module
 */

import { crc32 } from "node:zlib";

/**
 * The first bytes of a recording. Beyond the name they tell what may have happened to the file on its way: a byte above
 * 127, both kinds of line ends, and the byte that ends a text elsewhere.
 */
export const MAGIC: Uint8Array<ArrayBuffer> = Uint8Array.of(0x89, 0x45, 0x56, 0x52, 0x0d, 0x0a, 0x1a, 0x0a);

/** The version of the layout that is written, and the only one that is read. */
export const VERSION = 1;

/** The file head: `u8 magic[8]; u32 version; u32 crc`, the checksum being that of the 12 bytes in front of it. */
export const FILE_HEAD = { magic: 0, version: 8, crc: 12, bytes: 16 } as const;

/** The head of a block: `u32 type; u32 length; u32 content_crc; u32 head_crc`. */
export const BLOCK_HEAD = { type: 0, length: 4, contentCrc: 8, headCrc: 12, bytes: 16 } as const;

/** What a DATA block begins with: `u32 ring; u32 position; u32 distance`. The ring's bytes follow up to its end. */
export const DATA_BLOCK = { ring: 0, position: 4, distance: 8, bytes: 12 } as const;

/** A LEFT block: `u32 ring; u32 position`. */
export const LEFT_BLOCK = { ring: 0, position: 4, bytes: 8 } as const;

/** The types of blocks; in the file they read as four letters. */
export const BLOCK = {
  /** What the recording is of, as JSON; the first block. */
  HEAD: typeCode("HEAD"),
  /** What a scan moved over. */
  DATA: typeCode("DATA"),
  /** What each ring had lost up to here, as JSON. */
  LOST: typeCode("LOST"),
  /** Up to where a ring's events were delivered when the pipe was closed. */
  LEFT: typeCode("LEFT"),
  /** The recording was as long as it may be: what was read from here on is not in it. */
  LIMT: typeCode("LIMT"),
  /** What the pipe counted, as JSON; the last block. */
  END: typeCode("END "),
} as const;

/** The longest content of a block that is not DATA. Some hundred bytes per CPU and per category are usual. */
export const MAX_CONTENT_BYTES: number = 16 * 1024 * 1024;

/**
 * Makes the file head.
 *
 * @returns Its bytes.
 */
export function fileHead(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FILE_HEAD.bytes);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, FILE_HEAD.magic);
  view.setUint32(FILE_HEAD.version, VERSION, true);
  view.setUint32(FILE_HEAD.crc, crc32(bytes.subarray(0, FILE_HEAD.crc)), true);
  return bytes;
}

/**
 * Puts the head of a block.
 *
 * @param view A view of where blocks are put.
 * @param bytes The same memory.
 * @param offset Where the head begins in it.
 * @param type One of `BLOCK`.
 * @param length How many bytes of content follow.
 * @param contentCrc Their CRC-32.
 */
export function putBlockHead(
  view: DataView,
  bytes: Uint8Array,
  offset: number,
  type: number,
  length: number,
  contentCrc: number,
): void {
  view.setUint32(offset + BLOCK_HEAD.type, type, true);
  view.setUint32(offset + BLOCK_HEAD.length, length, true);
  view.setUint32(offset + BLOCK_HEAD.contentCrc, contentCrc, true);
  const headCrc = crc32(bytes.subarray(offset, offset + BLOCK_HEAD.headCrc));
  view.setUint32(offset + BLOCK_HEAD.headCrc, headCrc, true);
}

/** The four letters as they stand in the file. */
function typeCode(letters: string): number {
  return new DataView(new TextEncoder().encode(letters).buffer).getUint32(0, true);
}
