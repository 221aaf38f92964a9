/** What is exported of epoll, and from where. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as library from "../../../mod.ts";
import * as epolls from "../../../src/eventpoll/mod.ts";
import * as events from "../../../src/eventpoll/events.ts";

Deno.test("the main module exports all of epoll but the system over the kernel's, and the same objects", () => {
  const { LinuxSystem, ...others } = epolls;
  assert(!("LinuxSystem" in library));
  assertEquals(new LinuxSystem().name, "linux");
  for (const [name, value] of Object.entries(others)) {
    assertStrictEquals((library as Record<string, unknown>)[name], value, name);
  }
});

Deno.test("each event and each other constant is exported by its name", () => {
  const constants = Object.entries(events).filter(([, value]) => typeof value === "number");
  for (const [name, value] of constants) {
    assertStrictEquals((epolls as Record<string, unknown>)[name], value, name);
  }
});
