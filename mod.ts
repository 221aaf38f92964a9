/**
 * eventpipe carries events from BPF programs in the Linux kernel to TypeScript handlers, without a copy. Importing it
 * asks for no permission; opening a kernel source needs `--allow-ffi`, opening a memory source needs none.
 *
 * An event's road: BPF program, ring, scanner, dispatch loop, handler. A {@linkcode PerfSource}, a
 * {@linkcode RingbufSource} or a {@linkcode MemorySource} owns the rings, an {@linkcode EventPipe} reads them, a {@linkcode BpfObject} loads and
 * attaches the programs.
 *
 * Beside it stands {@linkcode Epoll}: the kernel's epoll in TypeScript, over a {@linkcode ModelSystem}. The real one behind the same
 * interface is exported by `@eventpipe/eventpipe/epoll`.
 *
 * @module
 */

export {
  EventPipeError,
  type EventPipeErrorCode,
  LibraryError,
  SyscallError,
  VerifierError,
} from "./src/errors.ts";
export { EventPipe } from "./src/pipe/event_pipe.ts";
export type { EventPipeOptions, RunOptions } from "./src/pipe/options.ts";
export type { CommitPolicy } from "./src/pipe/drain.ts";
export type { MergeOptions } from "./src/pipe/merge.ts";
export type { Event } from "./src/pipe/event.ts";
export type { EventBatch } from "./src/pipe/event_batch.ts";
export type { BatchHandler, EventHandler, HandlerBase } from "./src/pipe/handlers.ts";
export {
  type FieldAccessor,
  type FieldType,
  type Layout,
  layout,
  type LayoutOptions,
  type ScalarType,
} from "./src/pipe/layout.ts";
export type { RingTap } from "./src/pipe/tap.ts";
export type { CategoryStatistics, CpuStatistics, Statistics } from "./src/pipe/statistics.ts";
export {
  type PerfEventArray,
  PerfSource,
  type PerfSourceOptions,
  type RawAttr,
  type RawAttrFlag,
  type RawAttrSampleType,
} from "./src/source/perf.ts";
export {
  type LossCounter,
  type RingbufMap,
  RingbufSource,
  type RingbufSourceOptions,
} from "./src/source/ringbuf.ts";
export { MemorySource, type MemorySourceOptions, type SharedRings } from "./src/source/memory.ts";
export { TracepointSource, type TracepointSourceOptions } from "./src/source/tracepoints.ts";
export type { Source } from "./src/source/source.ts";
export type { Readiness } from "./src/ring/readiness.ts";
export type { AlikeRecords, BatchColumns, RecordBatch } from "./src/ring/record_batch.ts";
export type { DispatchBy, ScannedRange, Scanner, ScannerKind } from "./src/ring/scanner.ts";
export type { Admission, PerfWriter, PerfWriterOptions, RingEvents } from "./src/ring/perf_writer.ts";
export type { RingRegion } from "./src/ring/geometry.ts";
export type { WaiterName } from "./src/wait/open.ts";
export { type SharedStopToken, StopToken } from "./src/wait/stop_token.ts";
export { BpfObject } from "./src/object/bpf_object.ts";
export type { BpfMap, ObjectState } from "./src/object/bpf_map.ts";
export { openPinnedMap, pinMap, type PinnedMap } from "./src/object/pinned_map.ts";
export type { BpfLink, BpfProgram } from "./src/object/bpf_program.ts";
export type { RodataValue } from "./src/object/rodata.ts";
export { Epoll, type EpollTarget, type EpollWaitOptions } from "./src/eventpoll/epoll.ts";
export { EpollError, type Errno } from "./src/eventpoll/errors.ts";
export {
  EFD_SEMAPHORE,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLMSG,
  EPOLLNVAL,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDBAND,
  EPOLLRDHUP,
  EPOLLRDNORM,
  EPOLLWAKEUP,
  EPOLLWRBAND,
  EPOLLWRNORM,
  formatMask,
  parseMask,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
} from "./src/eventpoll/events.ts";
export { type ModelOptions, ModelSystem } from "./src/eventpoll/model.ts";
export type { ModelSleeper } from "./src/eventpoll/sleeper.ts";
export { type FileOperations, poll_wait, type PollTable } from "./src/eventpoll/structs.ts";
export type { EpollEvent, EpollSystem, Need, Sleeper, Watch } from "./src/eventpoll/system.ts";
export type { SleepStep, TracedWatch, TraceHook, TraceStep, WatchStep } from "./src/eventpoll/trace.ts";
export { WaitQueueHead, wake_up_all, wake_up_poll } from "./src/eventpoll/wait_queue.ts";
export type { WatchState, WhyNot } from "./src/eventpoll/why.ts";
