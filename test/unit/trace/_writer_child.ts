/**
 * Writes to its stdout in the way its argument names; what it has to tell stands on stderr. Its parent holds the
 * other end of the pipe.
 */

import { libc } from "../../../src/ffi/libc.ts";
import { LineWriter } from "../../../src/trace/writer.ts";

/** <fcntl.h> */
const F_SETFL = 4;
const O_WRONLY = 1;
const O_NONBLOCK = 0o4000;

const LINE = `${"x".repeat(99)}\n`;

using writer = LineWriter.stdout();
switch (Deno.args[0]) {
  // As a tracer of a busy machine does, until nobody reads any more.
  case "busy": {
    let lines = 0;
    while (writer.write(LINE)) lines += 1;
    console.error(
      `ended in order: ${lines > 0} ${writer.write(LINE)} ${writer.flush()} ${writer.isReaderGone()}`,
    );
    break;
  }
  // As a tracer of an idle machine does: one line, then nothing to write.
  case "idle":
    writer.write(LINE);
    console.error(`${writer.isReaderGone()} ${writer.flush()}`);
    while (!writer.isReaderGone()) await new Promise((resolve) => setTimeout(resolve, 1));
    console.error(`ended in order: ${writer.write(LINE)} ${writer.flush()}`);
    break;
  // Into a full pipe that does not block.
  case "nonblocking": {
    libc().fcntl(1, F_SETFL, O_WRONLY | O_NONBLOCK);
    const fill = new TextEncoder().encode("f".repeat(4096));
    let filled = 0;
    for (let n = 0; n >= 0; filled += Math.max(0, n)) n = Number(libc().write(1, fill, 4096n));
    console.error(`filled ${filled}`);
    for (let i = 0; i < 10_000; i++) writer.write(LINE);
    writer.flush();
    break;
  }
}
