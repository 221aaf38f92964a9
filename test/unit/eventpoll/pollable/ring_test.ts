import { assertEquals } from "@std/assert";
import { EPOLLET, EPOLLIN } from "../../../../src/eventpoll/events.ts";
import { RingFile } from "../../../../src/eventpoll/pollable/ring.ts";
import { TestEpoll } from "../_epoll.ts";

/** A ring whose writer marks it and wakes. */
class Ring {
  isMarked = false;
  readonly file = new RingFile(() => {
    const { isMarked } = this;
    this.isMarked = false;
    return isMarked;
  });

  wake(): void {
    this.isMarked = true;
    this.file.wake();
  }
}

Deno.test("a wake-up of a ring is reported once, even level-triggered, since asking takes it away", () => {
  const test = new TestEpoll();
  const ring = new Ring();
  test.add(test.system.anon_inode_getfd(ring.file), EPOLLIN, 1);
  assertEquals(test.wait(), []);
  ring.wake();
  ring.wake();
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals(test.wait(), []);
  ring.wake();
  assertEquals(test.wait(), [[1, "IN"]]);
});

Deno.test("a ring that was woken before it was added is reported", () => {
  const test = new TestEpoll();
  const ring = new Ring();
  ring.wake();
  test.add(test.system.anon_inode_getfd(ring.file), EPOLLIN, 1);
  ring.isMarked = true; // asked when it was added
  assertEquals(test.wait(), [[1, "IN"]]);
});

Deno.test("who polls a ring takes the wake-up from the epoll", () => {
  const test = new TestEpoll();
  const ring = new Ring();
  const fd = test.system.anon_inode_getfd(ring.file);
  test.add(fd, EPOLLIN | EPOLLET, 1);
  ring.wake();
  assertEquals(test.poll(fd), "IN|RDNORM");
  assertEquals(test.wait(), []);
});
