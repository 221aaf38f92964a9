/** Run by tracepoints_test.ts with few files allowed: prints what opening many tracepoints comes to. */

import { TracepointSource } from "../../../mod.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { onlineCpus } from "../../../src/source/cpus.ts";
import { openResources } from "../_resources.ts";

const id = Number(Deno.args[0]);
libc();
onlineCpus();
const before = openResources().length;
try {
  TracepointSource.open({ ids: new Array(200).fill(id), ringBytes: 4096, watermarkBytes: 1024 });
} catch (error) {
  console.log((error as Error).message);
}
console.log(openResources().length - before);
