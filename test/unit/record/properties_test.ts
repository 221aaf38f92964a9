/**
 * Properties of recordings, with fixed seeds: whatever a pipe went through, its replay goes through too; and no file, however
 * it was made or damaged, makes a reader or a replay do anything but end.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Event, EventPipe, EventPipeError, type Statistics } from "../../../mod.ts";
import { BLOCK, BLOCK_HEAD, FILE_HEAD } from "../../../src/record/format.ts";
import { Recording, Replay } from "../../../src/record/mod.ts";
import {
  block,
  dataBlock,
  HEADER,
  leftBlock,
  RecordedPipe,
  replayAll,
  withFile,
  withoutWakeups,
  writeFile,
} from "./_recordings.ts";
import { lost, payload, record, sample } from "../ring/_records.ts";

/** Something that happens to a pipe. */
type Step =
  | { readonly emit: number; readonly category: number; readonly ring: number; readonly bytes: number }
  | { readonly damage: number; readonly ring: number }
  | "poll"
  | "consume";

const emissions = fc.record({
  emit: fc.nat(60),
  category: fc.nat(3),
  ring: fc.nat(2),
  bytes: fc.integer({ min: 16, max: 300 }),
});
const damages = fc.record({ damage: fc.nat(4095), ring: fc.nat(2) });
const drains = fc.constantFrom("poll" as const, "consume" as const);

/** Scripts in which so many of ten steps are damage. */
function scripts(damage: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: emissions },
      { weight: damage, arbitrary: damages },
      { weight: 3, arbitrary: drains },
    ),
    { maxLength: 30 },
  );
}

/** What handlers saw, and what the calls that made them see it returned or threw, but for 0. */
interface Course {
  readonly seen: string[];
  readonly outcomes: (number | string)[];
  readonly statistics: Statistics;
}

/** Handlers of categories 0, 1 and 2. Moody ones end drains and throw, depending on the event. */
function register(pipe: EventPipe, seen: string[], isMoody: boolean): void {
  const process = (event: Event): number => {
    seen.push(`${event.cpu}: ${event.bytes(0, event.size).toHex()}`);
    const value = event.u32(12);
    if (!isMoody || event.category === 0) return 0;
    if (event.category === 1) return value % 5;
    if (value % 3 === 0) throw new Error(`${value}`);
    return 0;
  };
  for (const name of ["plain", "ending", "throwing"]) pipe.register({ name, process });
}

/** Notes what a call returns or throws; whether it was 0. */
function note(outcomes: (number | string)[], call: () => number): boolean {
  try {
    const result = call();
    if (result !== 0) outcomes.push(result);
    return result === 0;
  } catch (error) {
    outcomes.push((error as Error).message);
    return false;
  }
}

function runRecorded(path: string, script: readonly Step[], isMoody: boolean): Course {
  const seen: string[] = [];
  const outcomes: (number | string)[] = [];
  const recorded = new RecordedPipe(path, { cpus: [0, 2, 5] });
  register(recorded.pipe, seen, isMoody);
  const bytes = new Uint8Array(recorded.source.buffer);
  const { regions } = recorded.source.share();
  let value = 0;
  for (const step of script) {
    if (step === "poll") note(outcomes, () => recorded.pipe.poll(0));
    else if (step === "consume") note(outcomes, () => recorded.pipe.consume());
    else if ("damage" in step) bytes[regions[step.ring]!.data + step.damage]! ^= 0x5a;
    else for (let i = 0; i < step.emit; i++) recorded.emit(step.ring, step.category, value++, step.bytes);
  }
  return { seen, outcomes, statistics: withoutWakeups(recorded.finish()) };
}

function runReplayed(path: string, isMoody: boolean): Course {
  const seen: string[] = [];
  const outcomes: (number | string)[] = [];
  using replay = Replay.open(path);
  using pipe = EventPipe.open({ source: replay.source });
  register(pipe, seen, isMoody);
  while (!note(outcomes, () => replay.run(pipe)));
  pipe.close();
  return { seen, outcomes, statistics: pipe.statistics() };
}

Deno.test("a replay sees the same events in the same order, with the same counts, whatever the rings held", () => {
  let [left, corrupt] = [0, 0];
  withFile((path) => {
    fc.assert(
      fc.property(scripts(1), (script) => {
        const recorded = runRecorded(path, script, false);
        assertEquals(runReplayed(path, false), recorded);
        left += recorded.statistics.left;
        corrupt += recorded.statistics.corrupt;
      }),
      { seed: 21, numRuns: 120 },
    );
  });
  assert(left > 0 && corrupt > 0, `${left} left, ${corrupt} corrupt`);
});

Deno.test("handlers that end drains and throw see the same events of each CPU in a replay, and do so again", () => {
  let [left, results] = [0, 0];
  const perCpu = (seen: readonly string[]): string[] => seen.toSorted((a, b) => parseInt(a) - parseInt(b));
  withFile((path) => {
    fc.assert(
      fc.property(scripts(0), (script) => {
        const recorded = runRecorded(path, script, true);
        const replayed = runReplayed(path, true);
        assertEquals(perCpu(replayed.seen), perCpu(recorded.seen));
        assertEquals(replayed.outcomes.toSorted(), recorded.outcomes.toSorted());
        assertEquals(replayed.statistics, recorded.statistics);
        left += recorded.statistics.left;
        results += recorded.outcomes.length;
      }),
      { seed: 22, numRuns: 120 },
    );
  });
  assert(left > 0 && results > 0, `${left} left, ${results} results`);
});

/** Contents of rings: mostly records, some with wrong sizes, some that are nothing. */
const contents = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(255)).map(([n, seed]) =>
        sample(payload(n, seed))
      ),
    },
    { weight: 1, arbitrary: fc.constant(lost(3)) },
    { weight: 1, arbitrary: fc.nat(99).map((size) => record(9, new Uint8Array(40), size)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  ),
  { maxLength: 12 },
).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])).subarray(0, 4096));

/** Blocks whose checksums are right and that say anything. */
const blocks = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        ring: fc.nat(2),
        further: fc.constantFrom(0, 0, 0, 8, 5000, 2 ** 31),
        bytes: contents,
      }),
    },
    { weight: 1, arbitrary: fc.record({ left: fc.nat(2), back: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.record({ lost: fc.array(fc.integer(), { minLength: 1, maxLength: 3 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.integer({ min: 0 }), content: fc.uint8Array({ maxLength: 40 }) }),
    },
  ),
  { maxLength: 12 },
);

Deno.test("a file of any blocks is replayed up to one that cannot be, and no further", () => {
  withFile((path) => {
    fc.assert(
      fc.property(blocks, fc.constantFrom("perf", "ringbuf"), fc.nat(0xffffffff), (all, ring, begin) => {
        const positions = [begin, begin, begin];
        const parts = all.map((each) => {
          if ("bytes" in each) {
            const position = positions[each.ring]!;
            const distance = (each.bytes.length + each.further) >>> 0;
            positions[each.ring] = (position + distance) >>> 0;
            return dataBlock(each.ring, position, distance, each.bytes);
          }
          if ("left" in each) return leftBlock(each.left, (positions[each.left]! - each.back) >>> 0);
          return "lost" in each ? block(BLOCK.LOST, JSON.stringify(each)) : block(each.type, each.content);
        });
        writeFile(path, parts, { ...HEADER, ring });
        const { statistics } = replayAll(path, () => {});
        const { unknown, left, corruptBytes } = statistics;
        assert(unknown >= 0 && left >= 0 && corruptBytes >= 0);
        using recording = Recording.open(path);
        assert([...recording.blocks()].length <= parts.length);
        assert(recording.end !== null && recording.end.state !== "complete");
      }),
      { seed: 23, numRuns: 150 },
    );
  });
});

Deno.test("a file with any bytes changed, cut off or put in is read up to there, or refused with a reason", () => {
  withFile((path) => {
    {
      using recorded = new RecordedPipe(path);
      for (let i = 0; i < 40; i++) {
        recorded.emit(i % 2, 0, i, 12 + i);
        if (i % 5 === 0) recorded.pipe.consume();
      }
      recorded.pipe.consume();
      recorded.finish();
    }
    const whole = Deno.readFileSync(path);
    using recording = Recording.open(path);
    const count = [...recording.blocks()].length;
    const changes = fc.array(
      fc.record({ at: fc.nat(whole.length - 1), remove: fc.nat(40), put: fc.uint8Array({ maxLength: 40 }) }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(changes, (all) => {
        let file = [...whole];
        for (const { at, remove, put } of all) {
          if (at < file.length) file = [...file.slice(0, at), ...put, ...file.slice(at + remove)];
        }
        const isSame = file.length === whole.length && file.every((byte, i) => byte === whole[i]);
        const damaged = `${path}.damaged`;
        Deno.writeFileSync(damaged, Uint8Array.from(file));
        try {
          replayAll(damaged, () => {});
          using read = Recording.open(damaged);
          const blocks = [...read.blocks()];
          assertEquals(read.end!.state === "complete", isSame);
          assert(blocks.length <= count);
        } catch (error) {
          assert(error instanceof EventPipeError && !isSame, String(error));
          assert(all.some(({ at }) => at < FILE_HEAD.bytes + BLOCK_HEAD.bytes + 1000));
        }
      }),
      { seed: 24, numRuns: 300 },
    );
  });
});
