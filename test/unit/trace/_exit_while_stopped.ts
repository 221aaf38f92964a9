/** Starts a command, prints its process and exits without letting it go. */

import { TracedCommand } from "../../../src/trace/command.ts";

const command = await TracedCommand.spawn(["true"]);
console.log(command.pid);
Deno.exit(5);
