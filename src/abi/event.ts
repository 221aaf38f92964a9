/**
 * The wire format of bpf/event.h. Offsets count from the category on, as handlers see them: in a perf ring the
 * payload begins there, and a BPF ringbuf's record is presented the same way.
 *
 * @module
 */

/** `struct event` without its leading size: `u32 category; u64 time_ns`. */
export const EVENT = { category: 0, time_ns: 4, bytes: 12 } as const;

/** `struct load_event`: what the load generator emits. `fill` is where the words of a filled payload begin. */
export const LOAD_EVENT = { sequence: 12, planned_ns: 20, payload_bytes: 28, bytes: 32, fill: 36 } as const;
