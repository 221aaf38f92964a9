/** The suite `gate`, small, on real rings: eventpipe and what it is divided by read the same events in each plan. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../../../bench/measure/random.ts";
import { buildPeers } from "../../../bench/peers/programs.ts";
import { type GateOutcome, measureGate } from "../../../bench/suites/gate.ts";
import { gateCells } from "../../../bench/suites/gate_cells.ts";
import { planGate } from "../../../bench/suites/gate_plan.ts";
import { openReference } from "../../../bench/suites/gate_reference.ts";
import type { Parties } from "../../../bench/suites/parties.ts";
import { conserves } from "../../../src/report/schema.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const NEEDS = { commands: ["clang", "bpftool"], twoCpus: true };

const SIZE = { launches: 2, rounds: 3, warmUpEvents: 1 };

async function openParties(): Promise<Parties> {
  const [producerCpu, consumerCpu] = testCpus as [number, number];
  const programs = await buildPeers();
  return { programs, producerCpu, consumerCpu, random: randomFrom(1), seed: 1, isInterrupted: () => false };
}

kernelTest(
  "the suite gate reads the same events with both programs, every plan in each turn",
  async () => {
    const parties = await openParties();
    const reference = await openReference(fileURLToPath(new URL("../../../", import.meta.url)));
    const plans = planGate("ts");
    const turns: [number, number[]][] = [];
    let outcomes: readonly GateOutcome[] = [];
    await measureGate(plans, SIZE, parties, reference, (turn, measured) => {
      outcomes = measured;
      turns.push([turn, measured.map(({ launches }) => launches.length)]);
    });
    assertEquals(turns, [[1, plans.map(() => 1)], [2, plans.map(() => 2)]]);
    assertEquals(outcomes.map(({ plan }) => plan), plans);
    const cells = outcomes.flatMap((outcome) => gateCells(outcome, reference.name, 1));
    assert(cells.every(conserves));
    assertEquals(cells.map(({ ratio }) => ratio?.pairs ?? null), plans.flatMap(() => [6, null]));
    for (const { ours, theirs } of outcomes.flatMap(({ launches }) => launches)) {
      assertEquals(ours.map(({ check }) => check), theirs.map(({ check }) => check));
    }
    await assertRejects(
      () => measureGate(plans, SIZE, parties, { ...reference, script: "/nowhere.ts" }, () => {}),
      Error,
      reference.name,
    );
    let interruptedTurns = 0;
    const interrupted = { ...parties, isInterrupted: () => true };
    await measureGate(plans, SIZE, interrupted, reference, () => interruptedTurns++);
    assertEquals(interruptedTurns, 0);
  },
  NEEDS,
);
