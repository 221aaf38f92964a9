/**
 * The differential fuzzer: a short run of it, and whether what it finds is small and can be run again. `deno task epoll fuzz` goes on
 * for longer.
 */

import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { libc } from "../../src/ffi/libc.ts";
import { EPOLL_CTL_ADD, EPOLLET, EPOLLIN } from "../../src/eventpoll/events.ts";
import { LinuxSystem } from "../../src/eventpoll/linux.ts";
import { ModelSystem } from "../../src/eventpoll/model.ts";
import { runScenario } from "../../src/eventpoll/run_scenario.ts";
import { parseScenarios } from "../../src/eventpoll/scenario.ts";
import { Random } from "../fuzz/random.ts";
import { checkModel } from "./fuzz/invariants.ts";
import { type Finding, runPrograms, shrinkFinding, type Tally } from "./fuzz/programs.ts";
import { toScenario } from "./fuzz/scenario.ts";
import { shrink } from "./fuzz/shrink.ts";
import { describeFinding, runSleeperPrograms } from "./fuzz/sleeper_programs.ts";
import { buildSleeperProgram } from "./fuzz/sleepers.ts";
import type { Step } from "./fuzz/steps.ts";
import { MUTANTS } from "./mutants/all.ts";
import { importMutant, type MutantModel } from "./mutants/mutant.ts";

const isLinux = Deno.build.os === "linux";
// Binds all functions, outside of any test's sanitizer.
if (isLinux) Object.values(libc());

function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: isLinux ? name : `${name} (not here: it needs Linux)`, ignore: !isLinux, fn });
}

function newTally(): Tally {
  return { programs: 0, steps: 0, disturbed: 0, unrepeated: 0 };
}

async function broken(name: string): Promise<MutantModel> {
  return await importMutant(MUTANTS.find((mutant) => mutant.name === name)!);
}

const PROGRAMS = 60;

linuxTest("random programs come to the same on the model and on the kernel", async () => {
  await using linux = new LinuxSystem();
  const tally = newTally();
  const subject = { open: (): ModelSystem => new ModelSystem(), check: checkModel };
  const finding = runPrograms(subject, linux, 1, () => tally.programs + tally.disturbed < PROGRAMS, tally);
  assertEquals(finding, null);
  assertLess(tally.disturbed, PROGRAMS / 2);
});

linuxTest("random programs with sleepers come to the same on the model and on the kernel", async () => {
  const tally = newTally();
  const open = (seed?: number): ModelSystem => new ModelSystem(seed === undefined ? {} : { seed });
  assertEquals(await runSleeperPrograms(open, 1, () => tally.programs < PROGRAMS, tally), null);
});

async function findingOn(mutant: MutantModel, linux: LinuxSystem): Promise<Finding> {
  const subject = { open: () => new mutant.ModelSystem(), check: checkModel };
  const tally = newTally();
  const finding = runPrograms(subject, linux, 1, () => tally.programs < 600, tally);
  assert(finding !== null);
  return await Promise.resolve(shrinkFinding(subject, linux, finding));
}

linuxTest(
  "a mismatch is made small, and the scenario of it passes on the kernel and fails on the model",
  async () => {
    await using linux = new LinuxSystem();
    const mutant = await broken("plain entries hear in order of registration");
    const finding = await findingOn(mutant, linux);
    assertLess(finding.steps.length, 15);
    const text = toScenario(finding);
    const [scenario] = parseScenarios(text);
    assertEquals(await runScenario(linux, scenario!), []);
    const [inMutant] = mutant.parseScenarios(text);
    const failures = await mutant.runScenario(new mutant.ModelSystem(), inMutant!);
    assertEquals(failures.map(({ step }) => step), [inMutant!.steps.at(-1)]);
  },
);

linuxTest("a model that breaks its own rules is a mismatch, though all results are right", async () => {
  await using linux = new LinuxSystem();
  const finding = await findingOn(await broken("DEL does not give the watch back"), linux);
  assert(finding.mismatch.model instanceof Error);
  assertEquals(
    finding.mismatch.model.message,
    "This does not hold in the model: the user has as many watches as there are items",
  );
  assert(toScenario(finding).includes("the user has as many watches"));
});

linuxTest("a mismatch with sleepers is made small and written down", async () => {
  const mutant = await broken("of several sleepers, the first one to fall asleep is woken");
  const tally = newTally();
  const open = (seed?: number): ModelSystem => new mutant.ModelSystem(seed === undefined ? {} : { seed });
  const finding = await runSleeperPrograms(open, 1, () => tally.programs < 400, tally);
  assert(finding !== null);
  assertLess(finding.steps.length, 12);
  assertNotEquals(finding.linux, finding.model);
  assert(describeFinding(finding).startsWith(`seed ${finding.seed}:\n  ["`));
});

Deno.test("the same seed makes the same program with sleepers, another seed another", () => {
  assertEquals(buildSleeperProgram(new Random(7)), buildSleeperProgram(new Random(7)));
  assertNotEquals(buildSleeperProgram(new Random(7)), buildSleeperProgram(new Random(8)));
});

Deno.test("shrinking leaves out all steps but those that are needed, and all bits of masks", () => {
  const poll = (name: string, events = 0): Step => ({ do: "poll", name, events });
  const add: Step = {
    do: "ctl",
    op: EPOLL_CTL_ADD,
    ep: "ep",
    name: "r",
    events: EPOLLIN | EPOLLET,
    data: 1,
  };
  const steps = [poll("a"), poll("b", 3), poll("c"), add, poll("d"), poll("e")];
  const hasB = (candidate: readonly Step[]): boolean =>
    candidate.some((step) => step.do === "poll" && step.name === "b" && (step.events & 2) !== 0) &&
    candidate.some((step) => step.do === "ctl");
  assertEquals(shrink(steps, hasB), [poll("b", 2), { ...add, events: 0 }]);
});
