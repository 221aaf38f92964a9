/**
 * Records the bytes of rings as a pipe reads them, and replays them through the same scanners: for reports of what
 * happened, and for handlers that are tested on real input. docs/recordings.md tells more, and the format.
 *
 * @module
 */

export type { RecordingEnd } from "./block_reader.ts";
export type { RecordedRing, RecordingHeader } from "./header.ts";
export { type RecorderProgress, RingRecorder, type RingRecorderOptions } from "./recorder.ts";
export {
  DamagedRecordingError,
  type DataBlock,
  type EndBlock,
  endText,
  type LeftBlock,
  type LimitBlock,
  type LossesBlock,
  type RecordedBlock,
  Recording,
} from "./recording.ts";
export { Replay } from "./replay.ts";
