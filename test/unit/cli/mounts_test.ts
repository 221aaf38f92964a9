/** Which file systems are mounted, and what is done about the others, on a made-up machine. */

import { assertEquals } from "@std/assert";
import { ensureMounts, findMount, type MountHost } from "../../../src/cli/mounts.ts";

const MOUNTED = `sysfs /sys sysfs rw,relatime 0 0
tracefs /sys/kernel/tracing tracefs rw,nosuid 0 0
bpf /sys/fs/bpf bpf rw,mode=700 0 0
`;

class FakeHost implements MountHost {
  isRoot = true;
  text = "sysfs /sys sysfs rw,relatime 0 0\n";
  complaint: string | null = null;
  lines: string[] = [];

  constructor(differences: Partial<FakeHost> = {}) {
    Object.assign(this, differences);
  }

  mounts(): string {
    return this.text;
  }

  mount(type: string, target: string): string | null {
    if (this.complaint === null) this.text += `${type} ${target} ${type} rw 0 0\n`;
    return this.complaint;
  }

  say(line: string): void {
    this.lines.push(line);
  }
}

Deno.test("what is mounted is left alone without a word", () => {
  const host = new FakeHost({ text: MOUNTED, complaint: "must not be called" });
  assertEquals(ensureMounts(["tracefs", "bpffs"], host), true);
  assertEquals(host.lines, []);
});

Deno.test("root gets the missing file systems mounted at their usual places", () => {
  const host = new FakeHost();
  assertEquals(ensureMounts(["tracefs", "bpffs"], host), true);
  assertEquals(findMount("tracefs", host.text), "/sys/kernel/tracing");
  assertEquals(findMount("bpffs", host.text), "/sys/fs/bpf");
  assertEquals(host.lines, [
    "eventpipe: mounted tracefs at /sys/kernel/tracing",
    "eventpipe: mounted bpffs at /sys/fs/bpf",
  ]);
});

Deno.test("everybody else gets the exact command", () => {
  const host = new FakeHost({ isRoot: false });
  assertEquals(ensureMounts(["bpffs"], host), false);
  assertEquals(host.lines, [
    "eventpipe: bpffs is not mounted; as root run: mount -t bpf bpf /sys/fs/bpf",
  ]);
});

Deno.test("a refused mount is reported with the reason", () => {
  const host = new FakeHost({ complaint: "permission denied" });
  assertEquals(ensureMounts(["tracefs"], host), false);
  assertEquals(host.lines, [
    "eventpipe: cannot mount tracefs at /sys/kernel/tracing: permission denied; mount it outside of this container",
  ]);
});

Deno.test("findMount reads a mount point with a space in it", () => {
  assertEquals(findMount("bpffs", "none /mnt/my\\040bpf bpf rw 0 0\n"), "/mnt/my bpf");
});

Deno.test("findMount is null where the type is not mounted", () => {
  assertEquals(findMount("tracefs", "bpf /sys/kernel/tracing bpf rw 0 0\n"), null);
});
