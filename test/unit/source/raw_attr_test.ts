/** The bits of `struct perf_event_attr` that a user may set: those of the header, and reasons for what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  RAW_ATTR_FLAGS,
  RAW_ATTR_SAMPLE_TYPES,
  type RawAttr,
  rawAttrBits,
} from "../../../src/source/raw_attr.ts";
import { PERF_EVENT_ATTR_FLAGS } from "../../../src/abi/perf_event.ts";
import { compilerObstacle, wrongFacts } from "../abi/_compiler.ts";

const obstacle = compilerObstacle();

Deno.test({
  name: `flags and sample types are the bits that the compiler sets${
    obstacle === null ? "" : ` (no: ${obstacle})`
  }`,
  ignore: obstacle !== null,
  async fn(): Promise<void> {
    const flags = Object.entries(RAW_ATTR_FLAGS).map(([name, bit]) => ({
      expression: `({ struct perf_event_attr attr = { .${name} = 1 }; ` +
        `*(__u64 *) ((char *) &attr + ${PERF_EVENT_ATTR_FLAGS}); })`,
      expected: BigInt(bit),
    }));
    const types = Object.entries(RAW_ATTR_SAMPLE_TYPES).map(([name, bit]) => ({
      expression: name,
      expected: BigInt(bit),
    }));
    assertEquals(await wrongFacts(["#include <linux/perf_event.h>"], [...flags, ...types]), []);
  },
});

Deno.test("names become bits, and none become none", () => {
  assertEquals(rawAttrBits({}), { flags: 0, sampleType: 0 });
  assertEquals(rawAttrBits({ flags: ["comm", "task", "comm"] }), { flags: 1 << 9 | 1 << 13, sampleType: 0 });
  const sampleType = ["PERF_SAMPLE_TID", "PERF_SAMPLE_TIME"] as const;
  assertEquals(rawAttrBits({ flags: ["bpf_event"], sampleType }), { flags: 1 << 30, sampleType: 6 });
});

for (
  const [attr, message] of [
    [
      { flags: ["disabled"] },
      'attr.flags "disabled": a disabled event refuses every output with -EOPNOTSUPP',
    ],
    [{ flags: ["enable_on_exec"] }, "CPUs, which execute no file"],
    [{ flags: ["comm", "inherit"] }, '"inherit": the events belong to CPUs, which have no children'],
    [{ flags: ["freq"] }, "BPF output is not sampled"],
    [{ flags: ["watermark"] }, "give watermarkBytes instead"],
    [{ flags: ["write_backward"] }, "give overwritable instead"],
    [{ flags: ["toString"] }, 'attr.flags "toString": choose among mmap, comm, task'],
    [{ flags: [5] }, 'attr.flags "5": choose among mmap'],
    [{ flags: "comm" }, "attr.flags must be a list of names, current value is comm"],
    [{ sampleType: ["PERF_SAMPLE_RAW"] }, "every sample carries it already"],
    [{ sampleType: ["PERF_SAMPLE_READ"] }, "the format of what it reads is the source's own"],
    [{ sampleType: ["TIME"] }, 'attr.sampleType "TIME": choose among PERF_SAMPLE_IP, PERF_SAMPLE_TID'],
    [{ sampleType: 4 }, "attr.sampleType must be a list of names, current value is 4"],
    [null, "attr must be an object of flags and sampleType, current value is null"],
    [new Uint8Array(2).length, "attr must be an object of flags and sampleType, current value is 2"],
  ] as [unknown, string][]
) {
  Deno.test(`attr ${JSON.stringify(attr)} is a TypeError that gives the reason`, () => {
    assertThrows(() => rawAttrBits(attr as RawAttr), TypeError, message);
  });
}
