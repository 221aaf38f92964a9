/** BPF objects that know nothing of this project: test/bpf/foreign.bpf.c traces exec on a tracepoint. */

import { assertEquals, assertGreater } from "@std/assert";
import { BpfObject, type Event, EventPipe, PerfSource } from "../../mod.ts";
import { kernelTest, testProgram } from "./_kernel.ts";

/** `struct exec_data` of test/bpf/foreign.bpf.c; offsets from the record's payload on. */
interface Exec {
  readonly pid: number;
  readonly comm: string;
  readonly filename: string;
}

function readExec(event: Event): Exec {
  return { pid: event.u32(0), comm: event.string(4, 16), filename: event.string(20, 108) };
}

/** Runs a program that ends at once and returns its process id. By then its exec has happened. */
async function runTrue(): Promise<number> {
  const child = new Deno.Command("/bin/true", { stdin: "null", stdout: "null", stderr: "null" }).spawn();
  await child.status;
  return child.pid;
}

/** Opens a pipe over a loaded object's map and collects what it carries. */
function collect(object: BpfObject): { pipe: EventPipe; seen: Exec[] } {
  const source = PerfSource.open({ map: object.map("exec_rings"), ringBytes: 262144 });
  const pipe = EventPipe.open({ source, dispatchBy: "all" });
  const seen: Exec[] = [];
  pipe.register({ name: "exec", process: (event) => void seen.push(readExec(event)) });
  return { pipe, seen };
}

const needs = { programs: ["foreign"], tracefs: true };

kernelTest("a BPF object that knows nothing of this project is read unmodified", async () => {
  using object = BpfObject.open(testProgram("foreign"));
  object.load();
  const { pipe, seen } = collect(object);
  using _pipe = pipe;
  using _link = object.program("handle_exec").attach();
  const pid = await runTrue();
  pipe.consume();
  assertEquals(seen.filter((exec) => exec.pid === pid), [{ pid, comm: "true", filename: "/bin/true" }]);
}, needs);

kernelTest("a detached program emits no more, and attaching it again lets it emit", async () => {
  using object = BpfObject.open(testProgram("foreign"));
  object.load();
  const { pipe, seen } = collect(object);
  using _pipe = pipe;
  const pids: number[] = [];
  for (const attached of [false, true, false, true]) {
    const link = attached ? object.program("handle_exec").attach() : null;
    pids.push(await runTrue());
    link?.close();
    link?.close();
  }
  pids.push(await runTrue());
  pipe.consume();
  const found = pids.map((pid) => seen.some((exec) => exec.pid === pid));
  assertEquals(found, [false, true, false, true, false]);
}, needs);

kernelTest("a pipe keeps the map of an object that is closed before it, and a link the program", async () => {
  const object = BpfObject.open(testProgram("foreign"));
  object.load();
  const { pipe, seen } = collect(object);
  using _pipe = pipe;
  using link = object.program("handle_exec").attach();
  object.close();
  const pid = await runTrue();
  pipe.consume();
  assertEquals(seen.filter((exec) => exec.pid === pid).length, 1);
  link.close();
  const late = await runTrue();
  pipe.consume();
  assertGreater(late, 0);
  assertEquals(seen.filter((exec) => exec.pid === late), []);
}, needs);
