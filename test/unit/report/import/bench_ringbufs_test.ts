/** Tests of the reader of the kernel's own benchmark, on the two forms of its output. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseBenchRingbufs } from "../../../../src/report/import/bench_ringbufs.ts";
import { parsePublished, PUBLISHED } from "../../../../src/report/import/published.ts";

const BENCH = `Setting up benchmark 'rb-libbpf'...
Benchmark 'rb-libbpf' started.
Iter   0 ( 22.981us): hits   11.980M/s ( 11.980M/prod), drops    0.000M/s, total operations   11.980M/s
Iter   1 ( -1.002us): hits   12.100M/s ( 12.100M/prod), drops    0.010M/s, total operations   12.110M/s
Summary: hits   12.054 ± 0.320M/s ( 12.054M/prod), drops    0.005 ± 0.001M/s, total operations   12.059 ± 0.320M/s
Setting up benchmark 'pb-custom'...
Benchmark 'pb-custom' started.
Summary: hits    0.965 +|- 0.003M/s (  0.965M/prod), drops    0.000 +|- 0.000M/s
`;

const SCRIPT = `
Single-producer, parallel producer
==================================
rb-libbpf            43.366 ± 0.277M/s (drops 0.848 ± 0.027M/s)

Single-producer, back-to-back mode
==================================
rb-libbpf            60.671 ± 0.274M/s (drops 0.000 ± 0.000M/s)
rb-libbpf-sampled    59.229 ± 0.422M/s (drops 0.000 ± 0.000M/s)

Ringbuf back-to-back, effect of sample rate
===========================================
rb-sampled-1         1.507 ± 0.004M/s (drops 0.000 ± 0.000M/s)
rb-50                40.214 ± 0.044M/s (drops 0.000 ± 0.000M/s)
Perfbuf back-to-back, effect of sample rate
===========================================
pb-sampled-3000      23.855 ± 0.012M/s (drops 0.000 ± 0.000M/s)

Ringbuf back-to-back, reserve+commit vs output
==============================================
reserve              74.900 ± 0.093M/s (drops 0.000 ± 0.000M/s)

Ringbuf, multi-producer contention
==================================
rb-libbpf nr_prod 4  11.302 ± 0.034M/s (drops 0.000 ± 0.000M/s)
`;

Deno.test("parseBenchRingbufs reads summaries by the benchmark that started", () => {
  const { title, rows } = parseBenchRingbufs(BENCH, "my machine");
  assertEquals(title, "my machine");
  assertEquals(rows, [
    {
      section: "bench",
      reader: "rb-libbpf",
      n: null,
      hits: 12.054,
      hitsStddev: 0.32,
      drops: 0.005,
      dropsStddev: 0.001,
    },
    {
      section: "bench",
      reader: "pb-custom",
      n: null,
      hits: 0.965,
      hitsStddev: 0.003,
      drops: 0,
      dropsStddev: 0,
    },
  ]);
});

Deno.test("a summary belongs to the benchmark that started in front of it, and to no other", () => {
  const [, , , , summary] = BENCH.split("\n");
  const { rows } = parseBenchRingbufs(`Benchmark 'rb-libbpf' started.\n${summary}\n${summary}\n`, "x");
  assertEquals(rows.map(({ reader }) => reader), ["rb-libbpf", "bench"]);
});

Deno.test("parseBenchRingbufs reads the script's lines by their headings, rates and producers", () => {
  const { rows } = parseBenchRingbufs(SCRIPT.replaceAll("\n", "\r\n"), "x");
  assertEquals(rows.map(({ section, reader, n, hits, drops }) => [section, reader, n, hits, drops]), [
    ["Single-producer, parallel producer", "rb-libbpf", null, 43.366, 0.848],
    ["Single-producer, back-to-back mode", "rb-libbpf", null, 60.671, 0],
    ["Single-producer, back-to-back mode, sampled", "rb-libbpf", null, 59.229, 0],
    ["Ringbuf back-to-back, effect of sample rate", "rb-custom", 1, 1.507, 0],
    ["Ringbuf back-to-back, effect of sample rate", "rb-custom", 50, 40.214, 0],
    ["Perfbuf back-to-back, effect of sample rate", "pb-custom", 3000, 23.855, 0],
    ["Ringbuf back-to-back, reserve+commit vs output", "reserve", null, 74.9, 0],
    ["Ringbuf, multi-producer contention", "rb-libbpf", 4, 11.302, 0],
  ]);
});

Deno.test("what parseBenchRingbufs returns is a file of published figures", () => {
  const read = parseBenchRingbufs(SCRIPT, "x");
  assertEquals(parsePublished(JSON.parse(JSON.stringify(read))), read);
});

Deno.test("parseBenchRingbufs refuses a text without figures", () => {
  assertThrows(
    () => parseBenchRingbufs("Setting up benchmark 'rb-libbpf'...\n", "a.txt"),
    Error,
    "Cannot read a.txt",
  );
});

Deno.test("parsePublished names the first wrong field", () => {
  const [first] = PUBLISHED;
  assertThrows(
    () => parsePublished({ ...first, rows: [{ ...first!.rows[0], hits: -1 }] }),
    Error,
    "rows.0.hits",
  );
  assertThrows(() => parsePublished([]), Error, "the file");
});

Deno.test("every published file has a title of its own and says where it is from", () => {
  assertEquals(new Set(PUBLISHED.map(({ title }) => title)).size, PUBLISHED.length);
  for (const { title, source, read, note } of PUBLISHED) {
    for (const text of [source, read, note]) assertEquals(typeof text, "string", title);
  }
});
