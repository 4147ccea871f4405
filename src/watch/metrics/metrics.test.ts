import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { readEvent } from "../../engine/event.ts";
import type { SilenceOf } from "../changes/gate.ts";
import type { Silence } from "../changes/silence.ts";
import type { OutputState } from "../outputs/output.ts";
import { openMetrics } from "./metrics.ts";
import { listenForScrapes } from "./metrics-listener.ts";

function event(action: string) {
  const read = readEvent(`{"Type":"container","Action":"${action}","Actor":{"ID":"4f5e"},"timeNano":1}`);
  if (!read) throw new Error("no event");
  return read;
}

const metricsOf = (
  open: ReturnType<typeof findingOf>[] = [],
  outputs: readonly OutputState[] = [],
  silenceOf: SilenceOf = () => undefined,
) =>
  openMetrics({
    host: 'a "host"',
    version: "0.1.0",
    open: () => open,
    silenceOf: () => silenceOf,
    connected: () => true,
    outputs: () => outputs,
    proofs: () => ({ counts: [{ outcome: "held", count: 31 }], latest: 1_800_000_000 }),
  });

it("counts changes by control, severity and kind, without what was open at the start", () => {
  const metrics = metricsOf();
  const finding = findingOf("privileged");
  metrics.changes([
    changeOf("opened", finding),
    changeOf("resolved", finding),
    changeOf("opened", finding),
    changeOf("opened", finding, 0, { kind: "start" }),
  ]);
  expect(
    metrics
      .text()
      .split("\n")
      .filter((line) => line.startsWith("bulkhead_changes_total")),
  ).toEqual([
    'bulkhead_changes_total{host="a \\"host\\"",control="privileged",severity="high",change="opened"} 2',
    'bulkhead_changes_total{host="a \\"host\\"",control="privileged",severity="high",change="resolved"} 1',
  ]);
});

it("counts events that were lost and sweeps that were late, from zero on", () => {
  const metrics = metricsOf();
  const counts = () => metrics.text().match(/^bulkhead_(?:events_lost|sweeps_late)_total.* \d+$/gm);
  const labels = '{host="a \\"host\\""}';
  expect(counts()).toEqual([
    `bulkhead_events_lost_total${labels} 0`,
    `bulkhead_sweeps_late_total${labels} 0`,
  ]);
  metrics.eventLost();
  metrics.eventLost();
  metrics.sweepLate();
  expect(counts()).toEqual([
    `bulkhead_events_lost_total${labels} 2`,
    `bulkhead_sweeps_late_total${labels} 1`,
  ]);
});

it("shows how many probes hold, and when that was shown", () => {
  const text = metricsOf().text();
  expect(text).toContain('bulkhead_proof_probes{host="a \\"host\\"",outcome="held"} 31\n');
  expect(text).toContain('bulkhead_last_proof_timestamp_seconds{host="a \\"host\\""} 1800000000\n');
});

it("counts what is acknowledged or silenced apart: neither pages anybody", () => {
  const silence: Silence = {
    ...{ id: 1, kind: "silenced", control: "privileged", subject: "*", severity: "critical" },
    ...{ reason: "a test", by: "root", since: 0, until: undefined },
  };
  const metrics = metricsOf([findingOf("privileged"), findingOf("host-pid")], [], ({ control }) =>
    control === "privileged" ? silence : undefined,
  );
  metrics.silenced([changeOf("opened", findingOf("privileged"))]);
  const text = metrics.text();
  expect(text).toContain('control="privileged",severity="high",status="silenced"} 1\n');
  expect(text).toContain('control="host-pid",severity="high",status="fail"} 1\n');
  expect(text).toContain(
    'bulkhead_silenced_changes_total{host="a \\"host\\"",control="privileged",severity="high",change="opened"} 1\n',
  );
  expect(text).not.toContain("bulkhead_changes_total{");
});

it("shows what each output sent, failed to send, and holds back", () => {
  const state = { sent: 4, failures: 2, waiting: 3, oldest: Date.now() / 1000 - 90 };
  const lines = metricsOf([], [{ name: "webhook https://a.example", ...state }])
    .text()
    .split("\n")
    .filter((line) => line.startsWith("bulkhead_output"));
  expect(lines.slice(0, 3)).toEqual([
    'bulkhead_output_sent_total{host="a \\"host\\"",output="webhook https://a.example"} 4',
    'bulkhead_output_failures_total{host="a \\"host\\"",output="webhook https://a.example"} 2',
    'bulkhead_output_waiting{host="a \\"host\\"",output="webhook https://a.example"} 3',
  ]);
  expect(Number(lines[3]?.split(" ").at(-1))).toBeCloseTo(90, 0);
});

it("counts open findings by control, severity and status, and names no container", () => {
  const text = metricsOf([
    findingOf("privileged", { subject: "container:web" }),
    findingOf("privileged", { subject: "container:db" }),
    findingOf("host-pid", { verdict: "unknown" }),
  ]).text();
  expect(text).toContain(
    'bulkhead_findings{host="a \\"host\\"",control="privileged",severity="high",status="fail"} 2\n',
  );
  expect(text).toContain('control="host-pid",severity="high",status="unknown"} 1\n');
  expect(text).not.toMatch(/web|db/);
});

it("counts events by their action, with a bound on how many there can be", () => {
  const metrics = metricsOf();
  for (const action of ["start", "start", "exec_start: sh -c secret", "made-up-1", "made-up-2"])
    metrics.event(event(action));
  const lines = metrics.text().split("\n");
  expect(lines.filter((line) => line.startsWith("bulkhead_events_total"))).toEqual([
    'bulkhead_events_total{host="a \\"host\\"",action="start"} 2',
    'bulkhead_events_total{host="a \\"host\\"",action="exec_start"} 1',
    'bulkhead_events_total{host="a \\"host\\"",action="other"} 2',
  ]);
});

it("counts drift where the kernel fails what the Engine passes", () => {
  const metrics = metricsOf();
  const drifted = findingOf("memory-limit", {
    views: [
      { level: "effective", verdict: "fail", observed: "no memory limit" },
      { level: "configured", verdict: "pass", observed: "memory 64 MiB" },
    ],
  });
  metrics.changes([
    changeOf("opened", drifted),
    changeOf("resolved", drifted),
    changeOf("opened", findingOf("privileged")),
    changeOf("opened", drifted, 0, { kind: "start" }),
    { ...changeOf("changed", drifted), was: "container:before" },
  ]);
  const lines = metrics.text().split("\n");
  expect(lines.filter((line) => line.startsWith("bulkhead_drift_total"))).toEqual([
    'bulkhead_drift_total{host="a \\"host\\"",field="memory-limit"} 1',
  ]);
});

it("counts each field of drift once, as long as it is open", () => {
  const metrics = metricsOf();
  const since = { after: undefined, seen: "2027-01-31T12:00:00.000Z" };
  const drift = (...fields: readonly string[]) =>
    findingOf("drift", { since: Object.fromEntries(fields.map((field) => [field, since])) });
  metrics.changes([
    changeOf("opened", drift("memory")),
    changeOf("changed", drift("memory", "mount /data")),
    changeOf("resolved", drift("memory", "mount /data")),
    changeOf("opened", drift("memory")),
    changeOf("opened", { ...drift("cpus"), subject: "container:db" }, 0, { kind: "start" }),
    changeOf("changed", { ...drift("cpus", "pids-limit"), subject: "container:db" }),
    { ...changeOf("changed", { ...drift("cpus"), subject: "container:db2" }), was: "container:db" },
  ]);
  const lines = metrics.text().split("\n");
  expect(lines.filter((line) => line.startsWith("bulkhead_drift_total"))).toEqual([
    'bulkhead_drift_total{host="a \\"host\\"",field="drift"} 4',
  ]);
});

it("tells how long scans took, in cumulative buckets, and when the last was", () => {
  const metrics = metricsOf();
  metrics.scanned("sweep", 0.02);
  metrics.scanned("sweep", 0.3);
  const text = metrics.text();
  const bucket = (le: string) =>
    text.match(new RegExp(`_bucket\\{.*scan="sweep",le="${le.replace("+", "\\+")}"\\} (\\d+)`))?.[1];
  expect(["0.01", "0.025", "0.25", "0.5", "+Inf"].map(bucket)).toEqual(["0", "1", "1", "2", "2"]);
  expect(text).toMatch(/^bulkhead_scan_duration_seconds_sum\{.*\} 0.32$/m);
  expect(text).toMatch(/^bulkhead_last_scan_timestamp_seconds\{.*\} \d{10}/m);
});

it("is text that Prometheus reads: every sample below its family's HELP and TYPE", () => {
  const metrics = metricsOf([findingOf("privileged")]);
  metrics.event(event("start"));
  metrics.scanned("full", 1);
  let family = "";
  for (const line of metrics.text().trimEnd().split("\n")) {
    if (line.startsWith("# TYPE")) family = line.split(" ")[2] ?? "";
    if (line.startsWith("#")) continue;
    expect(line).toMatch(
      /^[a-z_]+\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\} \d+(?:\.\d+)?$/,
    );
    expect(line.startsWith(family)).toBe(true);
  }
  expect(metrics.text().endsWith("\n")).toBe(true);
});

it("serves metrics and nothing else", async () => {
  const listener = await listenForScrapes("127.0.0.1:0", () => "m 1\n");
  if (!listener.ok) throw new Error(listener.reason);
  const { address, close } = listener.value;
  const scrape = await fetch(`http://${address}/metrics`);
  expect(scrape.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await scrape.text()).toBe("m 1\n");
  expect((await fetch(`http://${address}/`)).status).toBe(404);
  expect((await fetch(`http://${address}/metrics`, { method: "POST" })).status).toBe(405);
  const taken = await listenForScrapes(address, () => "");
  expect(taken).toMatchObject({
    ok: false,
    reason: expect.stringContaining("something listens there already"),
  });
  await close();
  expect(await listenForScrapes("nowhere", () => "")).toMatchObject({ ok: false });
});
