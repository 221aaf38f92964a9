/**
 * Run by lifecycle_test.ts until it is killed: reads a pinned perf event array, with a program of its own attached. Prints
 * the program's number once it reads, and then a line per event. Arguments: the path of the pin, the CPU.
 */

import { BpfObject, EventPipe, openPinnedMap, PerfSource } from "../../mod.ts";
import { testProgram } from "./_kernel.ts";

const [path = "", cpu = "0"] = Deno.args;

using object = BpfObject.open(testProgram("misses"));
object.setRodata({ pid: Deno.pid });
object.load();
using _link = object.program("sender").attach();
const info = Deno.readTextFileSync(`/proc/self/fdinfo/${object.program("sender").fd}`);

using map = openPinnedMap(path);
using pipe = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [Number(cpu)] }) });
pipe.register({ name: "tell", process: (event) => console.log(`event ${event.size}`) });
console.log(/^prog_id:\s*(\d+)$/m.exec(info)![1]);
await pipe.run();
