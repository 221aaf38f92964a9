/**
 * A compiled BPF object: open it, set its constants, replace maps, load it, attach its programs.
 *
 * @module
 */

import { BPF_OBJECT_OPEN_OPTS } from "../abi/bpf.ts";
import { checkObject, closedError, EventPipeError, syscallFailed, VerifierError } from "../errors.ts";
import { checkedCstring, textUntilNul } from "../ffi/cstring.ts";
import { libbpf } from "../ffi/libbpf.ts";
import { errno } from "../ffi/libc.ts";
import { BpfMap, type ObjectState } from "./bpf_map.ts";
import { BpfProgram } from "./bpf_program.ts";
import { readRodataVariables, type RodataValue, writeRodata } from "./rodata.ts";

/** Room for the verifier's log; it is written only when a program is refused. */
const LOG_BYTES = 1024 * 1024;

/** A compiled BPF object. */
export class BpfObject implements Disposable {
  #object: Deno.PointerValue;
  #loaded = false;
  // Lifetime: libbpf keeps the address of the log until the object is loaded; this field keeps the memory.
  #log: Uint8Array<ArrayBuffer> | undefined;
  readonly #state: ObjectState;
  readonly #maps: readonly BpfMap[];
  readonly #rodata: Deno.PointerValue;
  readonly #programs: readonly BpfProgram[];

  private constructor(object: Deno.PointerObject, log: Uint8Array<ArrayBuffer>) {
    this.#object = object;
    this.#log = log;
    // deno-lint-ignore no-this-alias -- the state's getters need the object they speak of
    const self = this;
    this.#state = {
      checkOpen(action: string): void {
        if (self.#object === null) throw closedError(action, "the BPF object");
      },
      get loaded(): boolean {
        return self.#loaded;
      },
    };
    const { bpf_object__next_map, bpf_object__next_program } = libbpf();
    const mapPointers = collect((previous) => bpf_object__next_map(object, previous));
    this.#maps = mapPointers.map((map) => new BpfMap(this.#state, map));
    this.#rodata = mapPointers[this.#maps.findIndex(({ name }) => name.endsWith(".rodata"))] ?? null;
    this.#programs = collect((previous) => bpf_object__next_program(object, previous))
      .map((program) => new BpfProgram(this.#state, program));
  }

  /**
   * Opens a compiled object. Nothing enters the kernel yet.
   *
   * @param source The path of a `.bpf.o` file, or its bytes.
   * @returns The object; close it, or declare it with `using`.
   * @throws {TypeError} If it is neither a path nor bytes.
   * @throws {EventPipeError} If it cannot be read, or libbpf is missing.
   *
   * @example Open, set, load, attach
   * ```ts ignore
   * import { BpfObject } from "@eventpipe/eventpipe";
   *
   * using object = BpfObject.open("exec.bpf.o");
   * object.setRodata({ target_pid: Deno.pid });
   * object.load();
   * using _link = object.program("on_exec").attach();
   * ```
   */
  static open(source: string | Uint8Array): BpfObject {
    if (typeof source !== "string" && !(source instanceof Uint8Array)) {
      throw new TypeError("Cannot open a BPF object: give the path of a .bpf.o file or its bytes");
    }
    const { sz, kernel_log_buf, kernel_log_size } = BPF_OBJECT_OPEN_OPTS.offsets;
    const log = new Uint8Array(LOG_BYTES);
    const options = new DataView(new ArrayBuffer(BPF_OBJECT_OPEN_OPTS.size));
    options.setBigUint64(sz, BigInt(BPF_OBJECT_OPEN_OPTS.size), true);
    options.setBigUint64(kernel_log_buf, Deno.UnsafePointer.value(Deno.UnsafePointer.of(log)), true);
    options.setBigUint64(kernel_log_size, BigInt(LOG_BYTES), true);
    const { bpf_object__open_file, bpf_object__open_mem } = libbpf();
    const object = typeof source === "string"
      ? bpf_object__open_file(checkedCstring(source, "open a BPF object", "its path"), options)
      : bpf_object__open_mem(source as Uint8Array<ArrayBuffer>, BigInt(source.length), options);
    const error = errno(); // Errno: read in the next expression.
    if (object === null) {
      const what = typeof source === "string" ? source : `an object of ${source.length} bytes`;
      throw openFailed(what, error);
    }
    return new BpfObject(object, log);
  }

  /** The names of its programs, in the object's order. */
  get programNames(): readonly string[] {
    return this.#programs.map(({ name }) => name);
  }

  /** The names of its maps, in the object's order. */
  get mapNames(): readonly string[] {
    return this.#maps.map(({ name }) => name);
  }

  /**
   * Sets constants, `const volatile` variables of the program. Before loading.
   *
   * @param values Values by variable name.
   * @throws {EventPipeError} `NOT_FOUND` for a name that is not there; the message lists those that are.
   * @throws {TypeError} If values is no object, or one of them is of the wrong kind.
   * @throws {RangeError} If a value does not fit its variable.
   */
  setRodata(values: Readonly<Record<string, RodataValue>>): void {
    this.#state.checkOpen("set constants");
    checkObject(values, "set constants", "values");
    if (this.#loaded) throw new TypeError("Cannot set constants: the object is loaded already");
    const variables = readRodataVariables(libbpf().bpf_object__btf(this.#object));
    const size = new BigUint64Array(1);
    const address = this.#rodata === null ? null : libbpf().bpf_map__initial_value(this.#rodata, size);
    // Lifetime: the image belongs to the object; the buffer over it does not outlive this call.
    const image = address === null
      ? new ArrayBuffer(0)
      : Deno.UnsafePointerView.getArrayBuffer(address, Number(size[0]));
    writeRodata(new DataView(image), variables, values);
    image.transfer(0);
  }

  /**
   * Loads maps and programs into the kernel.
   *
   * @throws {EventPipeError} `VERIFIER`, with the whole log in its cause, if a program is refused; another code if the
   * kernel refuses the object as a whole.
   */
  load(): void {
    this.#state.checkOpen("load the BPF object");
    if (this.#loaded) throw new TypeError("Cannot load the BPF object: it is loaded already");
    const result = libbpf().bpf_object__load(this.#object);
    const log = textUntilNul(this.#log ?? new Uint8Array(0));
    if (result < 0) throw loadFailed(-result, log);
    this.#log = undefined;
    this.#loaded = true;
  }

  /**
   * A program by name.
   *
   * @param name The name of its C function.
   * @returns The program.
   * @throws {EventPipeError} `NOT_FOUND`; the message lists the names that are there.
   */
  program(name: string): BpfProgram {
    return find("program", this.#programs, name);
  }

  /**
   * A map by name.
   *
   * @param name The name of its C variable.
   * @returns The map.
   * @throws {EventPipeError} `NOT_FOUND`; the message lists the names that are there.
   */
  map(name: string): BpfMap {
    return find("map", this.#maps, name);
  }

  /** Unloads it; programs that are attached stay until their links are closed. Safe to call again. */
  close(): void {
    if (this.#object === null) return;
    libbpf().bpf_object__close(this.#object);
    this.#object = null;
  }

  /** Unloads it, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function collect(next: (previous: Deno.PointerValue) => Deno.PointerValue): Deno.PointerObject[] {
  const found: Deno.PointerObject[] = [];
  for (let item = next(null); item !== null; item = next(item)) found.push(item);
  return found;
}

function find<T extends { readonly name: string }>(kind: string, things: readonly T[], name: string): T {
  const thing = things.find((candidate) => candidate.name === name);
  if (thing !== undefined) return thing;
  const names = things.map((candidate) => candidate.name).join(", ");
  throw new EventPipeError(
    `Cannot find the ${kind} ${name}: the object has ${names === "" ? "none" : names}`,
    "NOT_FOUND",
  );
}

/** libbpf's own error numbers begin at 4000; <bpf/libbpf.h> enum libbpf_errno. */
function openFailed(what: string, error: number): EventPipeError {
  if (error < 4000) return syscallFailed(`open ${what}`, "bpf_object__open", error);
  const text = new Uint8Array(128);
  libbpf().libbpf_strerror(error, text, BigInt(text.length));
  return new EventPipeError(`Cannot open ${what}: libbpf said "${textUntilNul(text)}"`, "NOT_SUPPORTED");
}

function loadFailed(error: number, log: string): EventPipeError {
  // The verifier's log ends with its statistics; without them the kernel refused before it looked at a program.
  if (/^processed \d+ insns/m.test(log)) {
    const cause = new VerifierError(log);
    return new EventPipeError(`Cannot load the BPF object: ${cause.message}`, "VERIFIER", cause);
  }
  return syscallFailed(
    "load the BPF object",
    "bpf_object__load",
    error,
    "it needs CAP_BPF and CAP_PERFMON (or root); some kernels refuse some program types, see: deno task doctor",
  );
}
