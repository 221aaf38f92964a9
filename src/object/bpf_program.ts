/**
 * A program of a BPF object, and its link to whatever makes it run.
 *
 * @module
 */

import { syscallFailed } from "../errors.ts";
import { libbpf, readCstring } from "../ffi/libbpf.ts";
import { errno } from "../ffi/libc.ts";
import type { ObjectState } from "./bpf_map.ts";

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
      throw syscallFailed(
        `attach the program ${this.name}`,
        "bpf_program__attach",
        error,
        "tracepoints need tracefs at /sys/kernel/tracing: mount -t tracefs tracefs /sys/kernel/tracing",
      );
    }
    return new BpfLink(link);
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
