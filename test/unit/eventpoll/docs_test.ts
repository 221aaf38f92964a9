/** Holds docs/epoll.md to the source: what it quotes stands there, and what it names is there. */

import { assert, assertEquals, assertGreater } from "@std/assert";

const PAGE = new URL("../../../docs/epoll.md", import.meta.url);

/** A link to something by its name. */
const LINK = /\[`(\w+)`\]\((\.\.\/src\/eventpoll\/[\w/]+\.ts)\)/g;

/** Source that is quoted. */
const EXCERPT = /```ts ignore\n([\s\S]*?)```/g;

/** The steps a reader looks for. */
const STEPS = [
  "ep_alloc",
  "do_epoll_ctl",
  "ep_loop_check",
  "ep_find",
  "ep_cmp_ffd",
  "ep_insert",
  "ep_modify",
  "ep_remove",
  "max_user_watches",
  "ep_create_wakeup_source",
  "ep_ptable_queue_proc",
  "ep_item_poll",
  "reverse_path_check",
  "ep_poll_callback",
  "ep_poll",
  "ep_start_scan",
  "ep_send_events",
  "ep_done_scan",
  "ep_eventpoll_poll",
  "eventpoll_release",
];

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, PAGE));
}

/** Without what depends on where the text stands. */
function words(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Parts of excerpts that do not stand in the file that was linked last before them. */
function foreignParts(page: string): string[] {
  return [...page.matchAll(EXCERPT)].flatMap(({ index, 1: excerpt = "" }) => {
    const link = [...page.slice(0, index).matchAll(LINK)].at(-1);
    const source = link === undefined ? "" : words(read(link[2]!));
    return excerpt.split("// ...\n").filter((part) => !source.includes(words(part)));
  });
}

Deno.test("each excerpt of docs/epoll.md stands in the file that is linked in front of it", () => {
  const page = read("epoll.md");
  assertGreater([...page.matchAll(EXCERPT)].length, 12);
  assertEquals(foreignParts(page), []);
});

Deno.test("an excerpt that was changed is found", () => {
  assertEquals(
    foreignParts(read("epoll.md").replace("epi.pwqlist.push(pwq);", "epi.pwqlist.add(pwq);")).length,
    1,
  );
});

Deno.test("everything that docs/epoll.md links by its name is in the linked file", () => {
  const links = [...read("epoll.md").matchAll(LINK)];
  assertGreater(links.length, 40);
  for (const [link, name, path] of links) assert(new RegExp(`\\b${name}\\b`).test(read(path!)), link);
});

Deno.test("docs/epoll.md links every step from the making of an epoll to the delivery of an event", () => {
  const linked = new Set([...read("epoll.md").matchAll(LINK)].map(([, name]) => name));
  assertEquals(STEPS.filter((step) => !linked.has(step)), []);
});
