/** Run without permissions: opens the catalog and prints what went wrong. */

import { Catalog } from "../../../src/trace/catalog.ts";

try {
  Catalog.open("/sys/kernel/tracing");
  console.log("opened");
} catch (error) {
  const { code, message } = error as Error & { code: string };
  console.log(`${code} ${message}`);
}
