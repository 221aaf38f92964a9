/** What we believe of BPF ring buffers, against the headers' constants and against the structs of the running kernel. */

import { assertEquals } from "@std/assert";
import { RINGBUF, RINGBUF_CONSTANTS } from "../../../src/abi/ringbuf.ts";
import { findExecutable } from "../../../src/cli/packages.ts";
import { layOutRingbufs } from "../../../src/ring/ringbuf_geometry.ts";
import { compilerObstacle, factsOfGroup, wrongFacts } from "./_compiler.ts";

const BTF = "/sys/kernel/btf/vmlinux";
const isRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";

/** Declares a test that something of the machine may stand in the way of. */
function machineTest(name: string, obstacle: string | null, fn: () => Promise<void>): void {
  const ignore = obstacle !== null && !isRequired;
  Deno.test({
    name: ignore ? `${name} (skipped: ${obstacle})` : name,
    ignore,
    async fn(): Promise<void> {
      if (obstacle !== null) throw new Error(`The comparison is required but there is ${obstacle}`);
      await fn();
    },
  });
}

function btfObstacle(): string | null {
  if (findExecutable("bpftool") === null) return "no bpftool";
  try {
    Deno.statSync(BTF);
    return null;
  } catch {
    return `no ${BTF}`;
  }
}

machineTest("the constants of BPF ring buffers are those of the header", compilerObstacle(), async () => {
  const { header } = RINGBUF_CONSTANTS;
  assertEquals(await wrongFacts([`#include <${header}>`], factsOfGroup(RINGBUF_CONSTANTS)), []);
  const wrong = factsOfGroup({ header, values: { ...RINGBUF, BPF_RINGBUF_BUSY_BIT: 1 } });
  assertEquals(await wrongFacts([`#include <${header}>`], wrong), [
    "BPF_RINGBUF_BUSY_BIT is 2147483648, not 1",
  ]);
});

machineTest(
  "a record's header and a ring's pages are where this kernel has them",
  btfObstacle(),
  async () => {
    const { hdr, ringbuf } = await kernelStructs();
    assertEquals([hdr.bytes, hdr.len], [RINGBUF.BPF_RINGBUF_HDR_SZ, 0]);
    const pageBytes = ringbuf.producer_pos! - ringbuf.consumer_pos!;
    // The file that is mapped begins with the consumer's page, ringbuf_map_mmap_kern().
    const [region] = layOutRingbufs([pageBytes], pageBytes).regions;
    assertEquals(region, {
      consumer: 0,
      producer: ringbuf.producer_pos! - ringbuf.consumer_pos!,
      data: ringbuf.data! - ringbuf.consumer_pos!,
      bytes: pageBytes,
    });
  },
);

/** The offset of each field in bytes, and the size as `bytes`. */
type Offsets = Readonly<Record<string, number>>;

/** What is read of the output of `bpftool --json btf dump`. */
interface BtfDump {
  readonly types: readonly {
    readonly kind: string;
    readonly name: string;
    readonly size?: number;
    readonly members?: readonly { readonly name: string; readonly bits_offset: number }[];
  }[];
}

/** The kernel's own structs, which no header of user space has. */
async function kernelStructs(): Promise<{ hdr: Offsets; ringbuf: Offsets }> {
  const command = new Deno.Command(findExecutable("bpftool")!, {
    args: ["--json", "btf", "dump", "file", BTF],
    stdin: "null",
  });
  const { stdout } = await command.output();
  const { types } = JSON.parse(new TextDecoder().decode(stdout)) as BtfDump;
  const offsetsOf = (name: string): Offsets => {
    const struct = types.find((type) => type.kind === "STRUCT" && type.name === name)!;
    return {
      bytes: struct.size!,
      ...Object.fromEntries(struct.members!.map((member) => [member.name, member.bits_offset / 8])),
    };
  };
  return { hdr: offsetsOf("bpf_ringbuf_hdr"), ringbuf: offsetsOf("bpf_ringbuf") };
}
