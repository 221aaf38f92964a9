/**
 * epoll in TypeScript, equal to the kernel's: {@linkcode Epoll} over a {@linkcode ModelSystem}, which needs no kernel and no
 * permission; and the kernel's own behind the same interface, {@linkcode LinuxSystem}, which needs Linux and `--allow-ffi`
 * once it is used. The main module exports all of it but `LinuxSystem`.
 *
 * @example One program on both
 * ```ts ignore
 * import { Epoll, EPOLLIN, type EpollSystem, LinuxSystem, ModelSystem } from "@eventpipe/eventpipe/epoll";
 *
 * for (const system of [new ModelSystem(), new LinuxSystem()] as EpollSystem[]) {
 *   using epoll = new Epoll({ system });
 *   const counter = system.eventfd(1, 0);
 *   epoll.add(counter, EPOLLIN, 7);
 *   console.log(system.name, epoll.wait()); // [ { events: 1, data: 7n } ]
 *   system.close(counter);
 * }
 * ```
 *
 * @module
 */

export { Epoll, type EpollTarget, type EpollWaitOptions } from "./epoll.ts";
export { EpollError, type Errno } from "./errors.ts";
export {
  EFD_SEMAPHORE,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLMSG,
  EPOLLNVAL,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDBAND,
  EPOLLRDHUP,
  EPOLLRDNORM,
  EPOLLWAKEUP,
  EPOLLWRBAND,
  EPOLLWRNORM,
  formatMask,
  parseMask,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
} from "./events.ts";
export { LinuxSystem } from "./linux.ts";
export { type ModelOptions, ModelSystem } from "./model.ts";
export type { ModelSleeper } from "./sleeper.ts";
export { type FileOperations, poll_wait, type PollTable } from "./structs.ts";
export type { EpollEvent, EpollSystem, Need, Sleeper, Watch } from "./system.ts";
export type { SleepStep, TracedWatch, TraceHook, TraceStep, WatchStep } from "./trace.ts";
export { WaitQueueHead, wake_up_all, wake_up_poll } from "./wait_queue.ts";
export type { WatchState, WhyNot } from "./why.ts";
