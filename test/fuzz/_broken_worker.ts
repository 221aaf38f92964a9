/** A Worker whose targets fail: by an exception, by never coming to an end, or on its way to them. */

import type { Target } from "./engine.ts";
import { work } from "./labour.ts";

const TARGETS: Readonly<Record<string, (input: number) => void>> = {
  fine: () => {},
  failing: (input) => {
    if (input >= 1000) throw new Error(`${input} is too large`);
  },
  endless: (input) => {
    while (input >= 1000);
  },
};

work((name): Target<unknown> => {
  const run = TARGETS[name];
  if (run === undefined) throw new Error(`there is no ${name}`);
  return {
    generate: (random) => random.below(2000),
    accepts: () => true,
    run: (input) => run(input as number),
  };
});
