/**
 * What others published about ring buffers of BPF, as data files with their sources, for the page of a report to draw beside
 * its own figures. Relies on zod for the check of such a file.
 *
 * @module
 */

import { z } from "zod";
import xeon from "./published/xeon-e5-2680v4-2020.json" with { type: "json" };
import ryzen from "./published/ryzen-7950x-2023.json" with { type: "json" };
import ryzenEpollet from "./published/ryzen-7950x-2023-epollet.json" with { type: "json" };
import virtualBox from "./published/virtualbox-2023.json" with { type: "json" };
import sapphireSpinlock from "./published/sapphire-rapids-2025-spinlock.json" with { type: "json" };
import sapphireRqspinlock from "./published/sapphire-rapids-2025-rqspinlock.json" with { type: "json" };
import epycOverwrite from "./published/epyc-9654-2025-overwrite.json" with { type: "json" };
import kunpengOverwrite from "./published/kunpeng-920-2025-overwrite.json" with { type: "json" };

/** The name of this version of the format, in the key `schema` of every such file. */
export const PUBLISHED_SCHEMA = "eventpipe-published/1";

const rate = z.number().nonnegative();

const row = z.object({
  section: z.string().describe("What was measured, in the words of the kernel's script"),
  reader: z.string().describe("Which reader: rb-libbpf, rb-custom, pb-libbpf, pb-custom"),
  n: z.int().positive().nullable().describe("What the section varies: the sample rate, or producers"),
  hits: rate.describe("Millions of records per second that were read"),
  hitsStddev: rate.nullable(),
  drops: rate.nullable().describe("Millions of records per second that were dropped; null where not told"),
  dropsStddev: rate.nullable(),
});

const published = z.object({
  schema: z.literal(PUBLISHED_SCHEMA),
  title: z.string(),
  machine: z.string().nullable(),
  date: z.string().nullable(),
  source: z.string().describe("Who said it where"),
  url: z.string().nullable(),
  read: z.string().nullable().describe("What of the source was read"),
  note: z.string().nullable().describe("What to know before comparing"),
  rows: z.array(row).min(1),
});

/** One published figure. */
export type PublishedRow = z.infer<typeof row>;

/** The figures of one source. */
export type Published = z.infer<typeof published>;

/** The figures that come with the project, the oldest first. */
export const PUBLISHED: readonly Published[] = [
  xeon,
  ryzen,
  ryzenEpollet,
  virtualBox,
  sapphireSpinlock,
  sapphireRqspinlock,
  epycOverwrite,
  kunpengOverwrite,
].map(parsePublished);

/**
 * Checks a parsed file of published figures.
 *
 * @param json What `JSON.parse` returned.
 * @returns The same, checked.
 * @throws {Error} That names the first wrong field.
 */
export function parsePublished(json: unknown): Published {
  const parsed = published.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.length === 0 ? "the file" : issue.path.join(".");
  throw new Error(`Cannot read published figures: ${where}: ${issue.message}`, { cause: parsed.error });
}
