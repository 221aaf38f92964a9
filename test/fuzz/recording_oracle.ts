/**
 * What a recording says, read the slow way: byte by byte, with a checksum of its own and every rule written down once more.
 *
 * @module
 */

import type { RecordingEnd } from "../../src/record/mod.ts";

/** How a file begins. */
export interface Beginning {
  /** `foreign`: no recording of this version; `damaged`: its header cannot be had; `header`: it may have one. */
  readonly state: "foreign" | "damaged" | "header";
  /** The content of its first block. */
  readonly header: string;
  /** Where the next one begins. */
  readonly next: number;
}

/** A block as it has to be told. */
export type ExpectedBlock =
  | {
    readonly type: "data";
    readonly ring: number;
    readonly position: number;
    readonly distance: number;
    readonly start: number;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "losses"; readonly lost: readonly number[] }
  | { readonly type: "left"; readonly ring: number; readonly start: number }
  | { readonly type: "limit"; readonly maxBytes: number }
  | { readonly type: "end"; readonly finished: string };

/** The blocks of a file. */
export interface Expected {
  /** In their order. */
  readonly blocks: readonly ExpectedBlock[];
  /** How the file ends. */
  readonly state: "complete" | "cut" | "corrupt";
  /** Where. */
  readonly offset: number;
}

const MAGIC = [0x89, 0x45, 0x56, 0x52, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_CONTENT_BYTES = 16 * 1024 * 1024;

/** A block whose checksums are right; or how the file ends there. */
type Piece =
  | { readonly type: string; readonly content: Uint8Array; readonly next: number }
  | "cut"
  | "corrupt";

/**
 * Reads a file up to its first block.
 *
 * @param file Its bytes.
 * @returns What it is.
 */
export function readBeginning(file: Uint8Array): Beginning {
  const refuse = (state: "foreign" | "damaged"): Beginning => ({ state, header: "", next: 0 });
  if (MAGIC.some((byte, i) => file[i] !== byte)) return refuse("foreign");
  if (file.length < 16 || word(file, 12) !== checksum(file, 0, 12)) return refuse("damaged");
  if (word(file, 8) !== 1) return refuse("foreign");
  const piece = readPiece(file, 16, MAX_CONTENT_BYTES);
  if (typeof piece === "string" || piece.type !== "HEAD") return refuse("damaged");
  return { state: "header", header: new TextDecoder().decode(piece.content), next: piece.next };
}

/**
 * Reads the blocks of a file.
 *
 * @param file Its bytes.
 * @param from Where the second block begins.
 * @param rings The size of each ring.
 * @returns All that can be read.
 */
export function readExpected(file: Uint8Array, from: number, rings: readonly number[]): Expected {
  const blocks: ExpectedBlock[] = [];
  const checker = new Checker(rings);
  for (let offset = from;;) {
    const piece = readPiece(file, offset, 12 + Math.max(...rings));
    if (typeof piece === "string") return { blocks, state: piece, offset };
    const block = checker.check(piece.type, piece.content);
    if (block === "wrong") return { blocks, state: "corrupt", offset };
    if (block !== "unknown") blocks.push(block);
    offset = piece.next;
    if (block === "unknown" || block.type !== "end") continue;
    return { blocks, state: offset === file.length ? "complete" : "corrupt", offset };
  }
}

/**
 * Compares how a file ends.
 *
 * @param end How it was said to end.
 * @param expected How it does.
 * @param fileBytes Its length.
 * @throws {Error} If that differs.
 */
export function expectEnd(end: RecordingEnd | null, expected: Expected, fileBytes: number): void {
  const offset = end === null || end.state === "complete" ? fileBytes : end.offset;
  if (end?.state === expected.state && offset === expected.offset) return;
  throw new Error(`the file is ${end?.state} at ${offset}, expected ${expected.state} at ${expected.offset}`);
}

function readPiece(file: Uint8Array, offset: number, maxDataBytes: number): Piece {
  const left = file.length - offset;
  if (left < 16) return "cut";
  if (word(file, offset + 12) !== checksum(file, offset, 12)) return "corrupt";
  const type = String.fromCharCode(...file.subarray(offset, offset + 4));
  const length = word(file, offset + 4);
  if (length > (type === "DATA" ? maxDataBytes : MAX_CONTENT_BYTES)) return "corrupt";
  if (length > left - 16) return "cut";
  if (word(file, offset + 8) !== checksum(file, offset + 16, length)) return "corrupt";
  const next = offset + 16 + length;
  return { type, content: file.subarray(offset + 16, next), next };
}

/** The rules for what blocks say. */
class Checker {
  readonly #rings: readonly {
    readonly bytes: number;
    moved: number;
    position: number | null;
    isLeft: boolean;
  }[];

  constructor(rings: readonly number[]) {
    this.#rings = rings.map((bytes) => ({ bytes, moved: 0, position: null, isLeft: false }));
  }

  check(type: string, content: Uint8Array): ExpectedBlock | "wrong" | "unknown" {
    switch (type) {
      case "DATA":
        return this.#data(content);
      case "LEFT":
        return this.#left(content);
      case "LOST": {
        const lost = this.#counts(members(content).lost);
        return lost === null ? "wrong" : { type: "losses", lost };
      }
      case "LIMT": {
        const { maxBytes } = members(content);
        return isInteger(maxBytes, 1) ? { type: "limit", maxBytes } : "wrong";
      }
      case "END ": {
        const { finished, statistics } = members(content);
        const isTime = typeof finished === "string" && !Number.isNaN(Date.parse(finished));
        const { cpus, categories } = isObject(statistics) ? statistics : {};
        const isCounted = Array.isArray(cpus) && cpus.every(isObject) &&
          this.#counts(cpus.map(({ lost }) => lost)) !== null;
        const isNamed = Array.isArray(categories) &&
          categories.every((category) => isObject(category) && typeof category.name === "string");
        return isTime && isCounted && isNamed ? { type: "end", finished } : "wrong";
      }
      default:
        return "unknown";
    }
  }

  #data(content: Uint8Array): ExpectedBlock | "wrong" {
    if (content.length < 12) return "wrong";
    const index = word(content, 0);
    const position = word(content, 4);
    const distance = word(content, 8);
    const bytes = content.subarray(12);
    const ring = this.#rings[index];
    if (ring === undefined || bytes.length > distance || bytes.length > ring.bytes) return "wrong";
    if (ring.position !== null && ring.position !== position) return "wrong";
    if (!ring.isLeft && this.#rings.some(({ isLeft }) => isLeft)) return "wrong";
    const start = ring.moved;
    ring.moved += distance;
    ring.position = (position + distance) % 2 ** 32;
    return { type: "data", ring: index, position, distance, start, bytes };
  }

  #left(content: Uint8Array): ExpectedBlock | "wrong" {
    if (content.length !== 8) return "wrong";
    const index = word(content, 0);
    const position = word(content, 4);
    const ring = this.#rings[index];
    if (ring === undefined || ring.isLeft) return "wrong";
    ring.position ??= position;
    const unread = (ring.position - position + 2 ** 32) % 2 ** 32;
    if (unread > ring.moved || unread > ring.bytes) return "wrong";
    ring.isLeft = true;
    return { type: "left", ring: index, start: ring.moved - unread };
  }

  #counts(value: unknown): number[] | null {
    if (!Array.isArray(value) || value.length !== this.#rings.length) return null;
    return value.every((count) => isInteger(count, 0)) ? value : null;
  }
}

/** The members of an object that is there as JSON; none if it is none. */
function members(content: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, min: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 2 ** 8 + bytes[at + 2]! * 2 ** 16 + bytes[at + 3]! * 2 ** 24;
}

/** CRC-32 as in IEEE 802.3, a byte at a time. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function checksum(bytes: Uint8Array, start: number, length: number): number {
  let crc = 0xffffffff;
  for (let at = start; at < start + length; at++) crc = REMAINDERS[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
