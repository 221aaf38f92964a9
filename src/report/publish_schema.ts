/**
 * Writes the JSON Schema of the results format to results/eventpipe-bench-1.schema.json, for readers in other
 * languages. Run it after changing schema.ts: `deno run -A src/report/publish_schema.ts`; a unit test compares.
 */

import { resultsJsonSchema } from "./schema.ts";

/** Where the published schema stands. */
export const SCHEMA_FILE: URL = new URL("../../results/eventpipe-bench-1.schema.json", import.meta.url);

/** The text of the published schema, newline at its end included. */
export function schemaText(): string {
  return `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`;
}

if (import.meta.main) {
  Deno.writeTextFileSync(SCHEMA_FILE, schemaText());
}
