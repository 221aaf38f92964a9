/**
 * Shows TCP connections as they change their state, and how long they were in the one before: slow connects are long in
 * SYN_SENT, and servers that forget to close are long in CLOSE_WAIT. The process is the one that ran at the moment; for a
 * packet that arrives that may be any.
 *
 *     deno run -A examples/tcpstates.ts --port 443
 */

import { Trace, type Value } from "@eventpipe/eventpipe/trace";
import { parseCount } from "../src/cli/units.ts";
import { runTool, timeOfDay } from "./_tool.ts";

/** By number. <net/tcp_states.h> */
const STATES =
  "- ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING"
    .split(" ");
const AF_INET6 = 10;

await runTool({
  name: "tcpstates",
  summary: "Show TCP connections as they change their state, with the time they spent in the one before.",
  options: {
    port: { type: "list", short: "P", value: "PORT", help: "Only these, on either side", parse: parseCount },
  },
}, async ({ options, watch, table }) => {
  using trace = Trace.open(["sock:inet_sock_set_state"]);
  const columns = { TIME: 15, PID: -7, COMM: 15, LOCAL: 21, REMOTE: 21, OLD: -11, "->": 2, NEW: 11, MS: -10 };
  const row = table(columns);
  const since = new Map<string, number>();
  for await (const event of watch(trace)) {
    const { pid, comm, time, args: { family, saddr, daddr, saddr_v6, daddr_v6, ...args } } = event;
    const [sport, dport, old, now] = [args.sport, args.dport, args.oldstate, args.newstate].map(Number);
    if (old === now || (options.port.length > 0 && !options.port.some((p) => p === sport || p === dport))) {
      continue;
    }
    const [source, target] = family === AF_INET6
      ? [ipv6(saddr_v6), ipv6(daddr_v6)]
      : [ipv4(saddr), ipv4(daddr)];
    const [local, remote] = [`${source}:${sport}`, `${target}:${dport}`];
    const [before, after] = [STATES[old!] ?? old, STATES[now!] ?? now];
    // A connection has its local port after its first change only; two that begin at once cannot be told apart.
    const isNew = before === "CLOSE";
    const named = `${local} ${remote}`;
    const known = since.has(named) ? named : `${source}:0 ${remote}`;
    const ms = isNew ? NaN : (Number(time) - (since.get(known) ?? NaN)) / 1e6;
    if (!isNew) since.delete(known);
    if (after !== "CLOSE") since.set(named, isNew && since.has(named) ? NaN : Number(time));
    row(
      timeOfDay(event),
      pid,
      comm,
      local,
      remote,
      before,
      "->",
      after,
      Number.isNaN(ms) ? "-" : ms.toFixed(3),
    );
  }
});

function ipv4(bytes: Value | undefined): string {
  return (bytes as number[]).join(".");
}

/** `[::1]` and the like; the URL standard has the rules of where to shorten. */
function ipv6(bytes: Value | undefined): string {
  const hex = (bytes as number[]).map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return new URL(`http://[${hex.match(/.{4}/g)!.join(":")}]`).hostname;
}
