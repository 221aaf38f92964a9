/**
 * What epolls may watch one another: no circles, at most five in a row, and not too many ways from one file to the
 * epolls in which its wake-ups end, since each wake-up walks them all.
 *
 * @module
 */

import { EP_MAX_NESTS } from "./bits.ts";
import type { Machine } from "./machine.ts";
import type { EventPoll, File } from "./structs.ts";
import { list_empty } from "./list.ts";

/**
 * How many ways of each length a file may have, from none in between to four. The kernel's first number is 1000, and
 * not looked at: any number of epolls may watch a file directly.
 */
const path_limits: readonly number[] = [Infinity, 500, 100, 50, 10];

/**
 * Checks whether an epoll may watch another: it would close no circle, and stand in no row that is too long. Also notes the
 * files below, which get new ways.
 *
 * @param machine The machine, with `loop_check_gen` counted up.
 * @param ep The epoll that is to watch.
 * @param to The epoll that is to be watched.
 * @returns Whether it may.
 */
export function ep_loop_check(machine: Machine, ep: EventPoll, to: EventPoll): boolean {
  machine.inserting_into = ep;
  const depth = ep_loop_check_proc(machine, to, 0);
  if (depth > EP_MAX_NESTS) return false;
  return depth + 1 + ep_get_upwards_depth_proc(machine, ep) <= EP_MAX_NESTS;
}

/** How many epolls stand in a row below this one; Infinity if the epoll that is to watch is among them. */
function ep_loop_check_proc(machine: Machine, ep: EventPoll, depth: number): number {
  if (ep.gen === machine.loop_check_gen) return ep.loop_check_depth;
  ep.gen = machine.loop_check_gen;
  let result = 0;
  for (const { ffd } of ep.rbr) {
    const inner = ffd.file.private_data;
    if (inner === null) {
      list_file(machine, ffd.file);
      continue;
    }
    if (inner === machine.inserting_into || depth > EP_MAX_NESTS) result = Infinity;
    else result = Math.max(result, ep_loop_check_proc(machine, inner, depth + 1) + 1);
    if (result > EP_MAX_NESTS) break;
  }
  ep.loop_check_depth = result;
  return result;
}

/** How many epolls stand in a row above this one. */
function ep_get_upwards_depth_proc(machine: Machine, ep: EventPoll): number {
  if (ep.gen === machine.loop_check_gen) return ep.loop_check_depth;
  let result = 0;
  for (const epi of ep.file.f_ep) {
    result = Math.max(result, ep_get_upwards_depth_proc(machine, epi.ep) + 1);
  }
  ep.gen = machine.loop_check_gen;
  ep.loop_check_depth = result;
  return result;
}

/**
 * Notes a file that gets new ways to wake up epolls.
 *
 * @param machine The machine.
 * @param file The file, not an epoll.
 */
export function list_file(machine: Machine, file: File): void {
  machine.tfile_check_list.add(file);
}

/**
 * Counts the ways of all files that were noted.
 *
 * @param machine The machine.
 * @returns Whether each has no more than it may.
 */
export function reverse_path_check(machine: Machine): boolean {
  for (const file of machine.tfile_check_list) {
    if (!reverse_path_check_proc(file, 0, path_limits.map(() => 0))) return false;
  }
  return true;
}

function reverse_path_check_proc(file: File, depth: number, path_count: number[]): boolean {
  if (depth > EP_MAX_NESTS) return false;
  for (const { ep } of file.f_ep) {
    const isFine = list_empty(ep.file.f_ep)
      ? ++path_count[depth]! <= path_limits[depth]!
      : reverse_path_check_proc(ep.file, depth + 1, path_count);
    if (!isFine) return false;
  }
  return true;
}
