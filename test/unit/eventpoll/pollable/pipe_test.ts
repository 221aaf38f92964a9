import { assertEquals } from "@std/assert";
import { EPOLLET, EPOLLIN, EPOLLOUT } from "../../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "../_epoll.ts";

Deno.test("bytes come out of a pipe as they went in, across pages and partial reads", () => {
  const { system } = new TestEpoll();
  const [reader, writer] = system.pipe();
  const sent = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);
  for (const [from, to] of [[0, 10], [10, 4090], [4090, 9000], [9000, 10_000]] as const) {
    assertEquals(system.write(writer, sent.slice(from, to)), to - from);
  }
  const got: number[] = [];
  for (const bytes of [1, 4095, 4096, 3000]) {
    const buffer = new Uint8Array(bytes);
    got.push(...buffer.subarray(0, system.read(reader, buffer)));
  }
  assertEquals(Uint8Array.from(got), sent);
});

Deno.test("a write goes behind the last bytes only if what goes beyond whole pages fits there as a whole", () => {
  const test = new TestEpoll();
  const cases: [first: number, second: number, pages: number][] = [
    [4000, 96, 1], // fills the page
    [4000, 97, 2],
    [100, 4096, 2], // whole pages take new ones
    [100, 4096 + 3996, 2], // 3996 behind the 100, then a whole page
    [100, 4096 + 3997, 3],
  ];
  for (const [first, second, pages] of cases) {
    const [, writer] = test.system.pipe(8);
    assertEquals(test.write(writer, first), first);
    assertEquals(test.write(writer, second), second);
    let free = 0;
    for (; test.poll(writer) !== "0"; free++) test.write(writer, 4096);
    assertEquals(8 - free, pages, `${first} + ${second}`);
  }
});

Deno.test("what was read from a page is no room for a write", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe(1);
  test.write(writer, 4000);
  test.read(reader, 3999);
  assertEquals(codeOf(() => test.write(writer, 97)), "EAGAIN");
  assertEquals(test.write(writer, 96), 96);
});

Deno.test("a pipe takes what it has pages for, and of less than a page all or nothing", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe(3); // four pages
  assertEquals(test.write(writer, 5 * 4096), 4 * 4096);
  assertEquals(codeOf(() => test.write(writer, 1)), "EAGAIN");
  assertEquals(test.read(reader, 2 * 4096 + 1), 2 * 4096 + 1);
  assertEquals(test.write(writer, 3 * 4096), 2 * 4096);
});

Deno.test("the ends of a pipe tell what they can do and whether the other one is there", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe(1);
  assertEquals([test.poll(reader), test.poll(writer)], ["0", "OUT|WRNORM"]);
  test.write(writer, 4096);
  assertEquals([test.poll(reader), test.poll(writer)], ["IN|RDNORM", "0"]);
  test.system.close(writer);
  assertEquals(test.poll(reader), "IN|HUP|RDNORM");
  assertEquals(test.read(reader, 5000), 4096);
  assertEquals(test.read(reader, 1), 0);
  const [lone, full] = test.system.pipe(1);
  test.write(full, 4096);
  test.system.close(lone);
  assertEquals(test.poll(full), "ERR");
  assertEquals(codeOf(() => test.write(full, 1)), "EPIPE");
  assertEquals(test.write(full, 0), 0);
});

Deno.test("reading from the writer, writing to the reader, and reading where nothing is, is refused", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe();
  assertEquals(codeOf(() => test.read(writer, 1)), "EBADF");
  assertEquals(codeOf(() => test.write(reader, 1)), "EBADF");
  assertEquals(codeOf(() => test.read(reader, 1)), "EAGAIN");
  assertEquals(test.read(reader, 0), 0);
  for (const slots of [-1, 2 ** 19 + 1]) assertEquals(codeOf(() => test.system.pipe(slots)), "EINVAL");
});

Deno.test("a writer is woken once a page of a full pipe is free", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe(2);
  test.add(writer, EPOLLOUT | EPOLLET, 1);
  assertEquals(test.wait(), [[1, "OUT"]]);
  test.write(writer, 2 * 4096);
  test.read(reader, 4095);
  assertEquals(test.wait(), [], "no page is free yet");
  test.read(reader, 1);
  assertEquals(test.wait(), [[1, "OUT"]]);
  test.read(reader, 4096);
  assertEquals(test.wait(), [], "it was not full");
});

Deno.test("once a pipe was polled, each write wakes its reader, even one that finds no room", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe(1);
  test.add(reader, EPOLLIN | EPOLLET, 1);
  test.write(writer, 1);
  assertEquals(test.wait(), [[1, "IN"]]);
  test.write(writer, 4095);
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals(codeOf(() => test.write(writer, 1)), "EAGAIN");
  assertEquals(test.wait(), [[1, "IN"]]);
  test.write(writer, 0);
  assertEquals(test.wait(), []);
});

Deno.test("the end of one side wakes the other, whatever it waits for, but with the last number only", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe();
  const copy = test.system.dup(writer);
  test.add(reader, EPOLLET, 1);
  test.system.close(writer);
  assertEquals(test.wait(), []);
  test.system.close(copy);
  assertEquals(test.wait(), [[1, "HUP"]]);
});
