/**
 * The child of memory_no_permission_test.ts: a whole memory pipe, from the import to the account. At the end it awaits
 * `run` with nothing else that would keep the program alive.
 */

import { EventPipe, MemorySource } from "../../mod.ts";

const source = MemorySource.open({ ringBytes: 4096, wakeupEvents: 1000 });
const pipe = EventPipe.open({ source });
const seen: number[] = [];
pipe.register({
  name: "value",
  process(event): number {
    seen.push(event.u32(12));
    return event.u32(12) === 99 ? 99 : 0;
  },
});

const writer = source.writer(0);
const emit = (value: number): number => {
  writer.payload.setUint32(12, value, true);
  return writer.output(16);
};
[1, 2, 3].forEach(emit);
const polled = pipe.poll(0);
emit(99); // below the wake-up threshold: found only after a wait
const ran = await pipe.run();
emit(100);
pipe.close();

const { dispatched, unknown, lost, left, exact } = pipe.statistics();
console.log(JSON.stringify({ seen, polled, ran, dispatched, unknown, lost, left, exact }));
