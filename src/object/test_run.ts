/**
 * BPF_PROG_TEST_RUN of a raw tracepoint program: runs it on the calling thread's CPU with a context of u64s. Takes a file
 * descriptor, so that a Worker can run a program that another isolate loaded.
 *
 * @module
 */

import { BPF_TEST_RUN_OPTS } from "../abi/bpf.ts";
import { syscallFailed } from "../errors.ts";
import { checkFd } from "../ffi/fd.ts";
import { libbpf } from "../ffi/libbpf.ts";

/** Runs one program again and again. */
export class TestRun {
  /** The program's context: set it, then run. */
  readonly context: BigUint64Array<ArrayBuffer>;
  readonly #programFd: number;
  readonly #options: DataView<ArrayBuffer>;
  // Lifetime: pointer objects keep the buffers they were made from alive.
  readonly #optionsPointer: Deno.PointerValue;
  readonly #contextPointer: Deno.PointerValue;

  /**
   * @param programFd The program's file descriptor.
   * @param contextWords How many u64s its context has.
   */
  constructor(programFd: number, contextWords: number) {
    const { sz, ctx_in, ctx_size_in } = BPF_TEST_RUN_OPTS.offsets;
    this.#programFd = checkFd(programFd, "run a BPF program");
    this.context = new BigUint64Array(contextWords);
    this.#options = new DataView(new ArrayBuffer(BPF_TEST_RUN_OPTS.size));
    this.#optionsPointer = Deno.UnsafePointer.of(this.#options);
    this.#contextPointer = Deno.UnsafePointer.of(this.context);
    this.#options.setBigUint64(sz, BigInt(BPF_TEST_RUN_OPTS.size), true);
    this.#options.setBigUint64(ctx_in, Deno.UnsafePointer.value(this.#contextPointer), true);
    this.#options.setUint32(ctx_size_in, this.context.byteLength, true);
  }

  /**
   * Runs the program once.
   *
   * @returns What it returned.
   * @throws {EventPipeError} If the kernel refuses.
   */
  run(): number {
    const result = libbpf().bpf_prog_test_run_opts(this.#programFd, this.#optionsPointer);
    if (result < 0) throw syscallFailed("run the BPF program", "bpf_prog_test_run_opts", -result);
    return this.#options.getUint32(BPF_TEST_RUN_OPTS.offsets.retval, true);
  }
}
