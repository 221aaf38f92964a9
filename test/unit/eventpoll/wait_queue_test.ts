import { assertEquals } from "@std/assert";
import {
  __add_wait_queue_exclusive,
  add_wait_queue,
  add_wait_queue_exclusive,
  remove_wait_queue,
  waitqueue_active,
  WaitQueueEntry,
  WaitQueueHead,
  wake_up_all,
  wake_up_poll,
} from "../../../src/eventpoll/wait_queue.ts";

/** A queue whose entries note that they heard. */
class NotedQueue {
  readonly wq = new WaitQueueHead();
  heard: string[] = [];

  entry(name: string, takes = 1): WaitQueueEntry {
    return new WaitQueueEntry((key) => {
      this.heard.push(key === 0 ? name : `${name}:${key}`);
      return takes;
    });
  }

  /** What a wake-up of one, or of all, makes heard. */
  wake(key?: number): string[] {
    this.heard = [];
    if (key === undefined) wake_up_all(this.wq);
    else wake_up_poll(this.wq, key);
    return this.heard;
  }
}

Deno.test("plain entries hear first, the newest of them first, then exclusive ones, the oldest first", () => {
  const queue = new NotedQueue();
  add_wait_queue_exclusive(queue.wq, queue.entry("x1"));
  add_wait_queue(queue.wq, queue.entry("p1"));
  add_wait_queue_exclusive(queue.wq, queue.entry("x2"));
  add_wait_queue(queue.wq, queue.entry("p2"));
  assertEquals(queue.wake(), ["p2", "p1", "x1", "x2"]);
  assertEquals(queue.wake(5), ["p2:5", "p1:5", "x1:5"]);
});

Deno.test("an exclusive entry that has no use for a wake-up leaves it to the next one", () => {
  const queue = new NotedQueue();
  add_wait_queue_exclusive(queue.wq, queue.entry("idle", 0));
  add_wait_queue_exclusive(queue.wq, queue.entry("takes"));
  add_wait_queue_exclusive(queue.wq, queue.entry("last"));
  assertEquals(queue.wake(0), ["idle", "takes"]);
});

Deno.test("a plain entry never ends a wake-up", () => {
  const queue = new NotedQueue();
  for (const name of ["a", "b", "c"]) add_wait_queue(queue.wq, queue.entry(name));
  assertEquals(queue.wake(0), ["c", "b", "a"]);
});

Deno.test("sleepers in epoll_wait stand in front, so the last one to fall asleep hears first", () => {
  const queue = new NotedQueue();
  for (const name of ["first", "second"]) __add_wait_queue_exclusive(queue.wq, queue.entry(name));
  assertEquals(queue.wake(0), ["second"]);
});

Deno.test("an entry may take itself off the queue when it hears", () => {
  const { wq } = new NotedQueue();
  const heard: number[] = [];
  for (const index of [1, 2, 3]) {
    const entry = new WaitQueueEntry(() => {
      heard.push(index);
      remove_wait_queue(entry);
      return 1;
    });
    add_wait_queue(wq, entry);
  }
  assertEquals(waitqueue_active(wq), true);
  wake_up_all(wq);
  wake_up_all(wq);
  assertEquals(heard, [3, 2, 1]);
  assertEquals(waitqueue_active(wq), false);
});
