/**
 * Masks that epoll itself tests, and its limits, after fs/eventpoll.c.
 *
 * @module
 */

import {
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLWAKEUP,
} from "./events.ts";

/** Bits that say how to report. A mask with no others is that of a one-shot item that has reported. */
export const EP_PRIVATE_BITS = (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE) >>> 0;

/** Of these, the key of a wake-up must name exactly those that an exclusive item is for. */
export const EPOLLINOUT_BITS = EPOLLIN | EPOLLOUT;

/** What may stand beside EPOLLEXCLUSIVE. */
export const EPOLLEXCLUSIVE_OK_BITS =
  (EPOLLINOUT_BITS | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE) >>> 0;

/** What is reported without being asked for. */
export const EPOLLERR_HUP = EPOLLERR | EPOLLHUP;

/** How many epolls may stand on top of one another above the lowest one. */
export const EP_MAX_NESTS = 4;

/** INT_MAX divided by the size of `struct epoll_event` on x86-64. */
export const EP_MAX_EVENTS = 178_956_970;
