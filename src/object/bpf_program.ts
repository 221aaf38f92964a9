/**
 * A program of a BPF object, and its link to whatever makes it run.
 *
 * @module
 */

import { BPF_PROG_INFO, BPF_TRACEPOINT_OPTS } from "../abi/bpf.ts";
import { closedError, syscallFailed, wrongArgument } from "../errors.ts";
import { checkedCstring } from "../ffi/cstring.ts";
import { libbpf, readCstring } from "../ffi/libbpf.ts";
import { errno } from "../ffi/libc.ts";
import type { ObjectState } from "./bpf_map.ts";

const TRACEFS_ADVICE =
  "tracepoints need tracefs at /sys/kernel/tracing: mount -t tracefs tracefs /sys/kernel/tracing";

/** A program of a BPF object. Valid while the object is open. */
export class BpfProgram {
  /** Its name in the object: that of its C function. */
  readonly name: string;
  readonly #state: ObjectState;
  readonly #program: Deno.PointerObject;

  /**
   * Made by the object.
   *
   * @param state The object it belongs to.
   * @param program The `struct bpf_program *`.
   */
  constructor(state: ObjectState, program: Deno.PointerObject) {
    this.#state = state;
    this.#program = program;
    this.name = readCstring(libbpf().bpf_program__name(program));
  }

  /** Its file descriptor, owned by the object, once the object is loaded. */
  get fd(): number {
    this.#checkLoaded("use");
    return libbpf().bpf_program__fd(this.#program);
  }

  /**
   * Attaches it to what its section names, such as `SEC("tp/sched/sched_process_exec")`.
   *
   * @returns The link; the program runs until it is closed.
   * @throws {EventPipeError} If the kernel refuses, or the section names nothing to attach to.
   */
  attach(): BpfLink {
    this.#checkLoaded("attach");
    const link = libbpf().bpf_program__attach(this.#program);
    const error = errno(); // Errno: read in the next expression.
    if (link === null) {
      throw syscallFailed(`attach the program ${this.name}`, "bpf_program__attach", error, TRACEFS_ADVICE);
    }
    return new BpfLink(link);
  }

  /**
   * Attaches a tracepoint program to one more tracepoint.
   *
   * @param category The tracepoint's folder under tracefs, such as `sched`.
   * @param name Its name, such as `sched_switch`.
   * @param cookie What bpf_get_attach_cookie() gives the program when this tracepoint runs it.
   * @returns The link; the program runs until it is closed.
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If the cookie is no u64.
   * @throws {EventPipeError} If there is no such tracepoint, or the kernel refuses.
   */
  attachTracepoint(category: string, name: string, cookie: bigint): BpfLink {
    this.#checkLoaded("attach");
    const action = `attach the program ${this.name} to a tracepoint`;
    const where = checkedCstring(category, action, "category");
    const what = checkedCstring(name, action, "name");
    if (typeof cookie !== "bigint") throw wrongArgument(action, "cookie", "a bigint", cookie);
    if (BigInt.asUintN(64, cookie) !== cookie) {
      throw new RangeError(`Cannot ${action}: cookie must be a u64, current value is ${cookie}`);
    }
    const { sz, bpf_cookie } = BPF_TRACEPOINT_OPTS.offsets;
    const options = new DataView(new ArrayBuffer(BPF_TRACEPOINT_OPTS.size));
    options.setBigUint64(sz, BigInt(BPF_TRACEPOINT_OPTS.size), true);
    options.setBigUint64(bpf_cookie, cookie, true);
    const link = libbpf().bpf_program__attach_tracepoint_opts(this.#program, where, what, options);
    const error = errno(); // Errno: read in the next expression.
    if (link === null) {
      const tried = `attach the program ${this.name} to ${category}:${name}`;
      throw syscallFailed(tried, "bpf_program__attach_tracepoint_opts", error, TRACEFS_ADVICE);
    }
    return new BpfLink(link);
  }

  /**
   * Chooses whether the program is loaded with its object. Before the object is loaded.
   *
   * @param autoload False to leave it out.
   * @throws {TypeError} If it is no boolean, or the object is loaded already.
   */
  setAutoload(autoload: boolean): void {
    this.#state.checkOpen(`leave out the program ${this.name}`);
    if (this.#state.loaded) {
      throw new TypeError(`Cannot leave out the program ${this.name}: the object is loaded already`);
    }
    if (typeof autoload !== "boolean") {
      throw wrongArgument(`leave out the program ${this.name}`, "autoload", "true or false", autoload);
    }
    libbpf().bpf_program__set_autoload(this.#program, autoload);
  }

  /**
   * How often the program was to run and did not, since another one was running on that CPU.
   *
   * @returns The count since it was loaded.
   */
  missedRuns(): number {
    this.#checkLoaded("read the misses of");
    const info = new DataView(new ArrayBuffer(BPF_PROG_INFO.size));
    const length = Uint32Array.of(BPF_PROG_INFO.size);
    const result = libbpf().bpf_obj_get_info_by_fd(this.fd, info, length);
    if (result < 0) throw syscallFailed(`read the misses of ${this.name}`, "bpf_obj_get_info_by_fd", -result);
    return Number(info.getBigUint64(BPF_PROG_INFO.offsets.recursion_misses, true));
  }

  #checkLoaded(action: string): void {
    this.#state.checkOpen(`${action} the program ${this.name}`);
    if (!this.#state.loaded) {
      throw new TypeError(`Cannot ${action} the program ${this.name}: load the object first`);
    }
  }
}

/** An attached program. Closing it detaches the program. */
export class BpfLink implements Disposable {
  #link: Deno.PointerValue;

  /**
   * Made by `BpfProgram.attach`.
   *
   * @param link The `struct bpf_link *`; owned by this object from now on.
   */
  constructor(link: Deno.PointerObject) {
    this.#link = link;
  }

  /** The link's file descriptor, owned by this object. */
  get fd(): number {
    if (this.#link === null) throw closedError("use the link", "the link");
    return libbpf().bpf_link__fd(this.#link);
  }

  /** Detaches the program. Safe to call again. */
  close(): void {
    if (this.#link === null) return;
    libbpf().bpf_link__destroy(this.#link);
    this.#link = null;
  }

  /** Detaches the program, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
