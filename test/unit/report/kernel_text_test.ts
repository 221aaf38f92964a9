/** Tests of the parsers of kernel texts, on texts in the kernel's formats. */

import { assertEquals } from "@std/assert";
import {
  countOfList,
  cpuModelOf,
  cpuTicks,
  hypervisorOf,
  integerOf,
  loadOf,
  memlockOf,
  processorsOf,
  withoutIdentity,
} from "../../../src/report/kernel_text.ts";

const CPUINFO =
  "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nflags\t\t: fpu hypervisor sse\n\nprocessor\t: 1\n";

Deno.test("withoutIdentity keeps what tunes the kernel and drops what names the machine", () => {
  const cmdline =
    "BOOT_IMAGE=/boot/vmlinuz root=UUID=1-2 ro rootwait mitigations=auto ip=10.0.0.1::::box:eth0 " +
    "isolcpus=2,3 systemd.hostname=box rd.luks.uuid=3 init=/sbin/init quiet -- --token abc";
  assertEquals(withoutIdentity(cmdline), "ro rootwait mitigations=auto isolcpus=2,3 quiet");
  assertEquals(withoutIdentity("quiet --"), "quiet");
});

Deno.test("cpuTicks adds up the first eight numbers, guest time being part of them", () => {
  const stat = "cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
  assertEquals(cpuTicks(stat), { steal: 8, total: 531 });
  assertEquals(cpuTicks("cpu0 1 2 3 4 5 6 7 8\n"), null);
  assertEquals(cpuTicks("cpu  1 2 3\n"), null);
});

Deno.test("countOfList counts the numbers of a kernel list", () => {
  const table: [string, number | null][] = [["0", 1], ["0-1", 2], ["0-3,8,10-11", 7], ["", null], [
    "a",
    null,
  ]];
  for (const [list, count] of table) assertEquals(countOfList(list), count, list);
});

Deno.test("memlockOf reads the soft limit", () => {
  const limits = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\n` +
    `Max locked memory         ${soft.padEnd(20)} 99                   bytes\nMax file locks 1 1 locks\n`;
  assertEquals(memlockOf(limits("8388608")), 8_388_608);
  assertEquals(memlockOf(limits("unlimited")), "unlimited");
  assertEquals(memlockOf("Max file locks 1 1 locks"), null);
});

Deno.test("hypervisorOf says neither yes nor no where cpuinfo has no x86 flags", () => {
  assertEquals(hypervisorOf(CPUINFO), true);
  assertEquals(hypervisorOf("flags\t\t: fpu sse\n"), false);
  assertEquals(hypervisorOf("Features\t: fp asimd\n"), null);
});

Deno.test("cpuModelOf and processorsOf read cpuinfo, or nothing", () => {
  assertEquals([cpuModelOf(CPUINFO), processorsOf(CPUINFO)], ["A CPU @ 2 GHz", 2]);
  assertEquals([cpuModelOf("CPU part\t: 0xd0c\n"), processorsOf("")], [null, null]);
});

Deno.test("loadOf and integerOf refuse what is no number", () => {
  assertEquals(loadOf("0.37 0.17 0.06 1/123 4567"), [0.37, 0.17, 0.06]);
  assertEquals([loadOf("0.37 0.17"), loadOf("a b c")], [null, null]);
  assertEquals([integerOf("-1"), integerOf("2"), integerOf("2.5"), integerOf("")], [-1, 2, null, null]);
});
