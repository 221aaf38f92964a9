/** Scans during which something happens: files of our own whose `poll` wakes others, or itself, or does what it must not. */

import { assertEquals, assertThrows } from "@std/assert";
import { EPOLLET, EPOLLIN, EPOLLONESHOT, EPOLLWAKEUP } from "../../../src/eventpoll/events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../../../src/eventpoll/structs.ts";
import { WaitQueueHead, wake_up_poll } from "../../../src/eventpoll/wait_queue.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

/** A file that is always readable, and does something each time it is asked. */
class Busy implements FileOperations {
  readonly name = "busy";
  readonly wq = new WaitQueueHead();
  isReadable = true;
  onPoll: () => void = () => {};

  poll(pt: PollTable | null): number {
    poll_wait(this.wq, pt);
    this.onPoll();
    return this.isReadable ? EPOLLIN : 0;
  }

  wake(): void {
    wake_up_poll(this.wq, EPOLLIN);
  }
}

class BusyEpoll extends TestEpoll {
  busy(events: number, data: number): Busy {
    const file = new Busy();
    this.add(this.system.anon_inode_getfd(file), events, data);
    return file;
  }
}

Deno.test("what wakes during a scan comes next, in its order, behind what the scan had no room for", () => {
  const test = new BusyEpoll();
  const first = test.busy(EPOLLIN, 1);
  test.busy(EPOLLIN, 2);
  const late = [3, 4, 5].map((data) => test.busy(EPOLLIN | EPOLLET, data));
  assertEquals(test.wait(), [[1, "IN"], [2, "IN"], [3, "IN"], [4, "IN"], [5, "IN"]]);
  first.onPoll = (): void => {
    for (const file of [...late, late[0]!]) file.wake();
    first.onPoll = (): void => {};
  };
  assertEquals(test.wait(1), [[1, "IN"]]);
  assertEquals(test.wait(), [[2, "IN"], [3, "IN"], [4, "IN"], [5, "IN"], [1, "IN"]]);
});

Deno.test("what wakes during a scan comes in front of what the scan has put back before", () => {
  const test = new BusyEpoll();
  test.busy(EPOLLIN, 1);
  const second = test.busy(EPOLLIN, 2);
  const late = test.busy(EPOLLIN | EPOLLET, 3);
  assertEquals(test.wait(), [[1, "IN"], [2, "IN"], [3, "IN"]]);
  second.onPoll = (): void => {
    late.wake();
    second.onPoll = (): void => {};
  };
  assertEquals(test.wait(), [[1, "IN"], [2, "IN"]]);
  assertEquals(test.wait(), [[3, "IN"], [1, "IN"], [2, "IN"]]);
});

Deno.test("there is no moment in a scan at which nothing keeps the machine awake for an event with EPOLLWAKEUP", () => {
  const test = new BusyEpoll({ mayBlockSuspend: true });
  const { wakeupSources } = test.system.machine;
  const file = test.busy(EPOLLIN | EPOLLET | EPOLLWAKEUP, 1);
  const seen: boolean[] = [];
  file.onPoll = (): void => void seen.push(wakeupSources.isActive);
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals([...seen, wakeupSources.isActive], [true, false]);
});

Deno.test("a file that wakes again while it is delivered is not lost, edge-triggered, and not doubled, level-triggered", () => {
  for (const events of [EPOLLIN | EPOLLET, EPOLLIN]) {
    const test = new BusyEpoll();
    const file = test.busy(events, 1);
    let wakes = 2;
    file.onPoll = (): void => {
      while (wakes-- > 0) file.wake();
    };
    assertEquals(test.wait(), [[1, "IN"]]);
    assertEquals(test.wait(), [[1, "IN"]]);
    assertEquals(test.wait(), events === EPOLLIN ? [[1, "IN"]] : []);
  }
});

Deno.test("a one-shot watch that wakes again before it is delivered is asked once more and then silent", () => {
  const test = new BusyEpoll();
  const file = test.busy(EPOLLIN | EPOLLONESHOT, 1);
  file.onPoll = (): void => {
    file.onPoll = (): void => {};
    file.wake();
  };
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals(test.wait(), []);
});

Deno.test("what the scan has not reached stays at its place, though it wakes again", () => {
  const test = new BusyEpoll();
  const first = test.busy(EPOLLIN | EPOLLET, 1);
  const second = test.busy(EPOLLIN | EPOLLET, 2);
  test.busy(EPOLLIN | EPOLLET, 3);
  first.onPoll = (): void => second.wake();
  assertEquals(test.wait(1), [[1, "IN"]]);
  assertEquals(test.wait(), [[2, "IN"], [3, "IN"]]);
  assertEquals(test.wait(), []);
});

Deno.test("a wake-up during the scan by poll is kept too, and tells who watches from further out", () => {
  const test = new BusyEpoll();
  const outer = test.another();
  const first = test.busy(EPOLLIN, 1);
  const second = test.busy(EPOLLIN | EPOLLET, 2);
  test.add(test.epfd, EPOLLIN | EPOLLET, 9, outer);
  test.wait();
  assertEquals(test.wait(16, outer), [[9, "IN"]]);
  first.isReadable = false;
  first.onPoll = (): void => second.wake();
  assertEquals(test.poll(test.epfd), "0", "the edge came too late for this scan");
  assertEquals(test.wait(16, outer), [[9, "IN"]]);
  assertEquals(test.wait(), [[2, "IN"]]);
});

Deno.test("a wait finds what came during the scan before it sleeps", () => {
  const test = new BusyEpoll();
  const stale = test.busy(EPOLLIN | EPOLLET, 1);
  const other = test.busy(EPOLLIN | EPOLLET, 2);
  test.wait();
  stale.wake();
  stale.isReadable = false;
  stale.onPoll = (): void => other.wake();
  assertEquals(test.system.epoll_wait(test.epfd, 1, -1), [{ events: EPOLLIN, data: 2n }]);
});

Deno.test("without a buffer the first event that is ready stays where it is, and those in front that were not are gone", () => {
  const test = new BusyEpoll();
  const files = [1, 2, 3].map((data) => test.busy(EPOLLIN | EPOLLET, data));
  files[0]!.isReadable = false;
  assertEquals(codeOf(() => test.system.epoll_wait(test.epfd, 16, 0, false)), "EFAULT");
  files[0]!.isReadable = true;
  assertEquals(test.wait(), [[2, "IN"], [3, "IN"]]);
  assertEquals(test.system.epoll_wait(test.epfd, 16, 0, false), []);
});

Deno.test("a file must not use the epoll that asks it: the kernel would wait for ever", () => {
  const test = new BusyEpoll();
  const file = test.busy(EPOLLIN, 1);
  const watched = test.counter();
  const other = test.counter();
  test.add(watched, EPOLLIN, 2);
  for (
    const wrong of [
      () => test.wait(),
      () => test.add(other, EPOLLIN, 3),
      () => test.modify(watched, EPOLLET, 3),
      () => test.delete(watched),
      () => test.poll(test.epfd),
      () => test.system.close(watched),
    ]
  ) {
    file.onPoll = wrong;
    assertThrows(() => test.wait(), Error, "while it is being scanned", String(wrong));
    file.onPoll = (): void => {};
    file.wake();
    assertEquals(test.wait(), [[1, "IN"]]);
  }
});

Deno.test("a poll that throws leaves the epoll as it was, but for what was looked at", () => {
  const test = new BusyEpoll();
  test.busy(EPOLLIN, 1);
  const file = test.busy(EPOLLIN, 2);
  test.busy(EPOLLIN, 3);
  file.onPoll = (): void => {
    throw new URIError("broken");
  };
  assertThrows(() => test.wait(), URIError);
  assertThrows(() => test.add(test.system.anon_inode_getfd(file), EPOLLIN, 4), URIError);
  assertEquals(test.system.watches(test.epfd).length, 3);
  file.onPoll = (): void => {};
  file.wake();
  assertEquals(test.wait(), [[3, "IN"], [1, "IN"], [2, "IN"]]);
});
