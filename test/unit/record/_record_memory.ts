/** Run by recorder_test.ts without a permission but for its file: records and replays, and prints what came back. */

import { EventPipe, MemorySource } from "../../../mod.ts";
import { Replay, RingRecorder } from "../../../src/record/mod.ts";

const path = Deno.args[0]!;
const source = MemorySource.open({ ringBytes: 4096 });
const recorder = RingRecorder.create(path, { source, ringBytes: 4096 });
const recorded = EventPipe.open({ source, tap: recorder });
source.writer(0).payload.setUint32(0, 7, true);
source.writer(0).output(4);
recorded.consume();
recorded.close();
recorder.finish(recorded.statistics());

using replay = Replay.open(path);
using pipe = EventPipe.open({
  source: replay.source,
  unknown: { name: "any", process: (event) => console.log(event.category) },
});
replay.run(pipe);
