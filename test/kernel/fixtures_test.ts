/** The byte fixtures are what this kernel does: each sequence is captured again and compared. */

import { assertEquals } from "@std/assert";
import { capture } from "../fixtures/capture.ts";
import { ByteClass, classify, readFixture, SEQUENCES } from "../fixtures/_perf.ts";
import { kernelTest, testProgram } from "./_kernel.ts";

/** The ring's bytes, without ids, which are the event's, and padding, which may be anything. */
function comparable(data: string, classes: readonly ByteClass[]): number[] {
  return Array.from(atob(data), (char, at) => classes[at] === ByteClass.Written ? char.charCodeAt(0) : 0);
}

for (const [file, { sequences }] of Object.entries(SEQUENCES)) {
  kernelTest(`the committed fixtures are what this kernel does: ${file}`, () => {
    const { captures } = readFixture(file);
    assertEquals(captures.length, sequences.length);
    for (const [index, sequence] of sequences.entries()) {
      const committed = captures[index]!;
      const fresh = capture(testProgram("raw_output"), sequence);
      assertEquals(fresh.steps, committed.steps, sequence.name);
      const classes = classify(fresh.steps);
      assertEquals(comparable(fresh.data, classes), comparable(committed.data, classes), sequence.name);
    }
  }, { programs: ["raw_output"] });
}
