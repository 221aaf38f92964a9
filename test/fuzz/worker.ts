/** The Worker of `deno task fuzz`. */

import { work } from "./labour.ts";
import { openTarget } from "./targets.ts";

work(openTarget);
