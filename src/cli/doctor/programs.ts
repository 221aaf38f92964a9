/**
 * The doctor's checks of BPF program types: each is tried with a program of two instructions, `return 0`, that is loaded,
 * attached and let go at once. What the kernel's configuration promises, a container or a lockdown may refuse, so
 * nothing but trying tells.
 *
 * @module
 */

import { BPF, BPF_INSN, BPF_PROG_LOAD_OPTS, BPF_TEST_RUN_OPTS } from "../../abi/bpf.ts";
import { errnoNumber } from "../../abi/errno.ts";
import { FCNTL, NR_PERF_EVENT_OPEN } from "../../abi/linux.ts";
import { PERF, PERF_EVENT_ATTR, PERF_EVENT_IOC_SET_BPF } from "../../abi/perf_event.ts";
import { SyscallError } from "../../errors.ts";
import { cstring } from "../../ffi/cstring.ts";
import { libbpf } from "../../ffi/libbpf.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { findMount } from "../mounts.ts";
import { type Finding, ok } from "./check.ts";
import { readText } from "./machine.ts";

/** A tracepoint and a BTF-typed one: rare, so that nothing is disturbed, and in every kernel. */
const TRACEPOINT = "sched_process_exec";

/** A kernel function that exists to be attached to; <net/bpf/test_run.c>. */
const TRACED_FUNCTION = "bpf_fentry_test1";

/** A kernel function every kernel has and kprobes may touch. */
const PROBED_FUNCTION = "vfs_read";

/** A rare hook: the clock is set. */
const LSM_HOOK = "settime";

/** What a uprobe is put into: this process's program, at its entry, which it is past. */
const OWN_PROGRAM = "/proc/self/exe";

/** Of a cpu-clock event, in ns: so slow that it does not run while it is tried. */
const CLOCK_PERIOD_NS = 1_000_000_000;

/** The shortest packet BPF_PROG_TEST_RUN takes: an Ethernet header. */
const PACKET_BYTES = 64;

/** How one program type is tried. */
interface ProgramType {
  /** As in `SEC("...")`. */
  readonly section: string;
  /** `enum bpf_prog_type`. */
  readonly type: number;
  /** `enum bpf_attach_type` and the kernel object in BTF, for types that are loaded for one place. */
  readonly place?: { readonly attachType: number; readonly object: string };
  /** Attaches the program and lets it go; throws the SyscallError of what refused. */
  attach(programFd: number): void;
  /** What to do where it is refused to those who hold the capabilities. */
  readonly otherwise: string;
}

const INSTEAD = "use tp_btf, raw_tp or tp programs";

/** All types that are tried, in the order of the table. */
export const PROGRAM_TYPES: readonly ProgramType[] = [
  {
    section: "raw_tp",
    type: BPF.BPF_PROG_TYPE_RAW_TRACEPOINT,
    attach: (fd) => release("bpf_raw_tracepoint_open", openRawTracepoint(fd, cstring(TRACEPOINT))),
    otherwise: "the kernel source and the tracer need it: a container or a lockdown may forbid it",
  },
  {
    section: "tp",
    type: BPF.BPF_PROG_TYPE_TRACEPOINT,
    attach: attachTracepoint,
    otherwise: "see tracefs; or use raw_tp programs",
  },
  {
    section: "tp_btf",
    type: BPF.BPF_PROG_TYPE_TRACING,
    place: { attachType: BPF.BPF_TRACE_RAW_TP, object: TRACEPOINT },
    attach: (fd) => release("bpf_raw_tracepoint_open", openRawTracepoint(fd, null)),
    otherwise: "see BTF; or use raw_tp programs",
  },
  {
    section: "fentry",
    type: BPF.BPF_PROG_TYPE_TRACING,
    place: { attachType: BPF.BPF_TRACE_FENTRY, object: TRACED_FUNCTION },
    attach: (fd) => release("bpf_raw_tracepoint_open", openRawTracepoint(fd, null)),
    otherwise: `needs BPF trampolines, which this kernel refuses; ${INSTEAD}`,
  },
  {
    section: "lsm",
    type: BPF.BPF_PROG_TYPE_LSM,
    place: { attachType: BPF.BPF_LSM_MAC, object: LSM_HOOK },
    attach: (fd) => release("bpf_raw_tracepoint_open", openRawTracepoint(fd, null)),
    otherwise: `needs BPF trampolines, and bpf among the kernel's lsm=; ${INSTEAD}`,
  },
  {
    section: "iter",
    type: BPF.BPF_PROG_TYPE_TRACING,
    place: { attachType: BPF.BPF_TRACE_ITER, object: "task" },
    attach: (fd) => release("bpf_link_create", libbpf().bpf_link_create(fd, 0, BPF.BPF_TRACE_ITER, null)),
    otherwise: "see BTF",
  },
  {
    section: "kprobe",
    type: BPF.BPF_PROG_TYPE_KPROBE,
    attach: (fd) => attachProbe("kprobe", PROBED_FUNCTION, 0n, fd),
    otherwise: `needs a kernel with CONFIG_KPROBE_EVENTS=y; ${INSTEAD}`,
  },
  {
    section: "uprobe",
    type: BPF.BPF_PROG_TYPE_KPROBE,
    attach: (fd) => attachProbe("uprobe", OWN_PROGRAM, entryOffset(), fd),
    otherwise: "needs a kernel with CONFIG_UPROBE_EVENTS=y, and root",
  },
  {
    section: "perf_event",
    type: BPF.BPF_PROG_TYPE_PERF_EVENT,
    attach: attachClock,
    otherwise: "profiles of CPU time need it: a container or a lockdown may forbid it",
  },
  {
    section: "socket",
    type: BPF.BPF_PROG_TYPE_SOCKET_FILTER,
    attach: runOnPacket,
    otherwise: "not needed by eventpipe's own programs",
  },
];

/**
 * Loads a program of one type, attaches it, and lets it go.
 *
 * @param program The type.
 * @param isCapable Whether this process holds the capabilities it takes.
 * @returns Whether both, the first or neither was permitted.
 */
export function tryProgram(program: ProgramType, isCapable: boolean): Finding {
  const advice = isCapable ? program.otherwise : "see capabilities";
  let fd: number;
  try {
    fd = load(program);
  } catch (error) {
    return { state: "missing", found: `does not load: ${textOf(error)}`, advice };
  }
  try {
    program.attach(fd);
    return ok(program.attach === runOnPacket ? "loads, and runs on a packet" : "loads and attaches");
  } catch (error) {
    return { state: "limited", found: `loads, does not attach: ${textOf(error)}`, advice };
  } finally {
    libc().close(fd);
  }
}

function textOf(error: unknown): string {
  if (error instanceof SyscallError) return `${error.code} from ${error.syscall}`;
  return error instanceof Error ? error.message : String(error);
}

/** `return 0`. */
function returnZero(): DataView<ArrayBuffer> {
  const instructions = new DataView(new ArrayBuffer(2 * BPF_INSN.size));
  instructions.setUint8(BPF_INSN.offsets.code, BPF.BPF_ALU64 | BPF.BPF_MOV | BPF.BPF_K);
  instructions.setUint8(BPF_INSN.size + BPF_INSN.offsets.code, BPF.BPF_JMP | BPF.BPF_EXIT);
  return instructions;
}

function load({ section, type, place }: ProgramType): number {
  const { bpf_prog_load, libbpf_find_vmlinux_btf_id } = libbpf();
  const { size, offsets } = BPF_PROG_LOAD_OPTS;
  const options = new DataView(new ArrayBuffer(size));
  options.setBigUint64(offsets.sz, BigInt(size), true);
  if (place !== undefined) {
    const id = libbpf_find_vmlinux_btf_id(cstring(place.object), place.attachType);
    if (id < 0) throw new SyscallError(`looking for ${place.object} in BTF`, -id);
    options.setUint32(offsets.expected_attach_type, place.attachType, true);
    options.setUint32(offsets.attach_btf_id, id, true);
  }
  const instructions = returnZero();
  const count = BigInt(instructions.byteLength / BPF_INSN.size);
  const fd = bpf_prog_load(
    type,
    cstring(`doctor_${section}`),
    cstring("GPL"),
    instructions,
    count,
    options,
  );
  if (fd < 0) throw new SyscallError("bpf_prog_load", -fd);
  return fd;
}

function openRawTracepoint(programFd: number, name: Uint8Array<ArrayBuffer> | null): number {
  return libbpf().bpf_raw_tracepoint_open(name, programFd);
}

/** Closes a link, which detaches its program; a negative one is libbpf's error. */
function release(call: string, linkFd: number): void {
  if (linkFd < 0) throw new SyscallError(call, -linkFd);
  libc().close(linkFd);
}

function attachTracepoint(programFd: number): void {
  const folder = findMount("tracefs", readText("/proc/mounts"));
  if (folder === null) throw new Error("tracefs is not mounted");
  const id = Number(readText(`${folder}/events/sched/${TRACEPOINT}/id`));
  attachToEvent({ type: PERF.PERF_TYPE_TRACEPOINT, config: BigInt(id) }, programFd);
}

function attachClock(programFd: number): void {
  const config = BigInt(PERF.PERF_COUNT_SW_CPU_CLOCK);
  attachToEvent({ type: PERF.PERF_TYPE_SOFTWARE, config, period: CLOCK_PERIOD_NS }, programFd);
}

/** Kprobes and uprobes are perf events of a type of their own, which the kernel numbers when it boots. */
function attachProbe(kind: "kprobe" | "uprobe", target: string, offset: bigint, programFd: number): void {
  const type = eventType(kind);
  // Lifetime: the kernel reads the text during the call only; the pointer object keeps it alive until then.
  const text = Deno.UnsafePointer.of(cstring(target));
  attachToEvent({ type, target: text, offset }, programFd);
}

function eventType(kind: string): number {
  try {
    return Number(readText(`/sys/bus/event_source/devices/${kind}/type`));
  } catch (error) {
    throw new Error(`the kernel has no ${kind} events`, { cause: error });
  }
}

/** What to open an event of. */
interface EventChoice {
  readonly type: number;
  readonly config?: bigint;
  readonly period?: number;
  /** Of a probe: the function or file, and where in it. */
  readonly target?: Deno.PointerValue;
  readonly offset?: bigint;
}

function attachToEvent(choice: EventChoice, programFd: number): void {
  const { size, offsets } = PERF_EVENT_ATTR;
  const { type, config = 0n, period = 0, target = null, offset = 0n } = choice;
  const attr = new DataView(new ArrayBuffer(size));
  attr.setUint32(offsets.type, type, true);
  attr.setUint32(offsets.size, size, true);
  attr.setBigUint64(offsets.config, config, true);
  attr.setBigUint64(offsets.sample_period, BigInt(period), true);
  attr.setBigUint64(offsets.config1, Deno.UnsafePointer.value(target), true);
  attr.setBigUint64(offsets.config2, offset, true);
  // Of this process on any CPU: the narrowest event there is.
  const flags = BigInt(PERF.PERF_FLAG_FD_CLOEXEC);
  const fd = Number(libc().perf_event_open(NR_PERF_EVENT_OPEN, attr, 0, -1, -1, flags));
  let error = errno(); // Errno: read in the next expression.
  if (fd < 0) throw new SyscallError("perf_event_open", error);
  const result = libc().ioctl(fd, PERF_EVENT_IOC_SET_BPF, BigInt(programFd));
  error = errno(); // Errno: read in the next expression.
  libc().close(fd);
  if (result < 0) throw new SyscallError("ioctl(PERF_EVENT_IOC_SET_BPF)", error);
}

/** A socket filter is not attached, since that takes a socket; it is run instead. */
function runOnPacket(programFd: number): void {
  const { size, offsets } = BPF_TEST_RUN_OPTS;
  // Lifetime: the pointer objects keep both buffers alive until the call is over.
  const packet = Deno.UnsafePointer.of(new Uint8Array(PACKET_BYTES));
  const options = new DataView(new ArrayBuffer(size));
  options.setBigUint64(offsets.sz, BigInt(size), true);
  options.setBigUint64(offsets.data_in, Deno.UnsafePointer.value(packet), true);
  options.setUint32(offsets.data_size_in, PACKET_BYTES, true);
  const result = libbpf().bpf_prog_test_run_opts(programFd, Deno.UnsafePointer.of(options));
  if (result < 0) throw new SyscallError("bpf_prog_test_run_opts", -result);
}

/** Where in its file this process's program begins; <elf.h> Elf64_Ehdr and Elf64_Phdr. */
function entryOffset(): bigint {
  const head = readHead(OWN_PROGRAM);
  const entry = head.getBigUint64(24, true); // e_entry
  const tableAt = Number(head.getBigUint64(32, true)); // e_phoff
  const entryBytes = head.getUint16(54, true); // e_phentsize
  const count = head.getUint16(56, true); // e_phnum
  for (let at = tableAt; at < tableAt + count * entryBytes; at += entryBytes) {
    const isLoaded = head.getUint32(at, true) === 1; // p_type, PT_LOAD
    const fileOffset = head.getBigUint64(at + 8, true); // p_offset
    const address = head.getBigUint64(at + 16, true); // p_vaddr
    const bytes = head.getBigUint64(at + 32, true); // p_filesz
    if (isLoaded && entry >= address && entry < address + bytes) return entry - address + fileOffset;
  }
  throw new Error(`${OWN_PROGRAM} has no loaded segment with its entry`);
}

/** The first page of a file, which holds the headers of an ELF program. */
function readHead(path: string): DataView {
  const { open, read, close } = libc();
  const fd = open(cstring(path), FCNTL.O_RDONLY | FCNTL.O_CLOEXEC);
  const error = errno(); // Errno: read in the next expression.
  if (fd < 0) throw new SyscallError("open", error);
  const page = new Uint8Array(4096);
  const length = read(fd, page, BigInt(page.length));
  close(fd);
  if (length !== BigInt(page.length)) throw new SyscallError("read", errnoNumber("EIO"));
  return new DataView(page.buffer);
}
