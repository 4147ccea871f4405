import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { builtCommand, runCli } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

test("bulkhead's own audit has nothing against watch's packaging but what is accepted with a reason", async () => {
  const ran = await runCli(program, ["audit", "--format", "json", "--fail-on", "info", "."], {
    cwd: "packaging/watch",
  });
  const { findings, gaps, summary } = JSON.parse(ran.stdout);
  expect(gaps).toEqual([]);
  expect(summary).toMatchObject({ fail: 0, unknown: 0, suppressed: 8 });
  const accepted = findings.filter((each: { suppressed: unknown }) => each.suppressed !== null);
  // Behind the guard the watch itself has nothing that needs to be accepted.
  expect(
    accepted
      .map(({ control, subject }: { control: string; subject: string }) => `${subject} ${control}`)
      .toSorted(),
  ).toEqual([
    "compose.yaml#guard docker-socket-mount",
    "compose.yaml#guard supplementary-groups",
    "kernel/compose.yaml#watch apparmor-profile",
    "kernel/compose.yaml#watch capabilities-dangerous",
    "kernel/compose.yaml#watch docker-socket-mount",
    "kernel/compose.yaml#watch host-proc-mount",
    "kernel/compose.yaml#watch root-user",
    "kernel/compose.yaml#watch sensitive-host-mount",
  ]);
  for (const { suppressed } of accepted) expect(suppressed.reason.length).toBeGreaterThan(20);
  expect(ran.status).toBe(0);
});

const unit = "packaging/watch/bulkhead-watch.service";

test("the unit asks for what systemd shall hold it to, and for its messages to be heard", () => {
  const settings = readFileSync(unit, "utf8")
    .split("\n")
    .filter((line) => /^\w+=/.test(line));
  for (const setting of [
    "Type=notify",
    "NotifyAccess=all",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
    "SystemCallFilter=@system-service",
    "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE",
  ])
    expect(settings).toContain(setting);
  expect(settings.some((line) => /^WatchdogSec=\d+min$/.test(line))).toBe(true);
});

const hasSystemd = hasProgram("systemd-analyze", "--version");

test.skipIf(!hasSystemd)(
  hasSystemd ? "systemd takes the unit" : "the unit (skipped: there is no systemd-analyze here)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
    try {
      const copy = join(folder, "bulkhead-watch.service");
      const text = readFileSync(unit, "utf8");
      expect(text).toContain("ExecStart=/usr/bin/node /usr/lib/bulkhead/bulkhead.cjs watch ");
      writeFileSync(copy, text.replace("/usr/bin/node", process.execPath));
      const said = (command: string) => execFileSync("sh", ["-c", command, "sh", copy], { encoding: "utf8" });
      expect(said('systemd-analyze verify "$1" 2>&1')).toBe("");
      const [, exposure] =
        /exposure level for .*: ([\d.]+)/.exec(said('systemd-analyze security --offline=yes "$1"')) ?? [];
      expect(Number(exposure)).toBeGreaterThan(0);
      expect(Number(exposure)).toBeLessThan(3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.each(["watch", "serve"])(
  "every alert of %s has a name, a severity and words, and the dashboard's panels have places of their own",
  (of) => {
    const { groups } = parseDocument(readFileSync(`packaging/${of}/prometheus-rules.yml`, "utf8")).toJS();
    const rules = groups.flatMap((group: { rules: unknown[] }) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    for (const rule of rules) {
      expect(rule.alert).toMatch(/^Bulkhead[A-Z][a-z]+/);
      expect(["critical", "warning", "info"]).toContain(rule.labels.severity);
      expect(rule.annotations.summary).not.toBe("");
      expect(rule.annotations.description).not.toBe("");
    }
    const { panels } = JSON.parse(readFileSync(`packaging/${of}/grafana-dashboard.json`, "utf8"));
    expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
    const cells = new Set<string>();
    for (const { gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x} ${y}`)).toBe(false);
          cells.add(`${x} ${y}`);
          expect(x).toBeLessThan(24);
        }
      }
    }
  },
);

/** A series of a rule's test. */
const series = (name: string, own: Readonly<Record<string, string>>, values: string) => ({
  series: `${name}{${Object.entries(own)
    .map(([key, value]) => `${key}="${value}"`)
    .join(",")}}`,
  values,
});

const fires = (alertname: string, at: string, own: Readonly<Record<string, string>> | undefined) => ({
  eval_time: at,
  alertname,
  exp_alerts: own === undefined ? [] : [{ exp_labels: own }],
});

const hasPromtool = hasProgram("promtool", "--version");

test.skipIf(!hasPromtool)(
  hasPromtool
    ? "Prometheus takes the alert rules, and they fire for a critical that was open for a moment"
    : "the alert rules in Prometheus (skipped: there is no promtool here)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-rules-"));
    try {
      const rules = join(folder, "rules.yml");
      writeFileSync(rules, readFileSync("packaging/watch/prometheus-rules.yml"));
      const labels = { host: "h", control: "privileged", severity: "critical", change: "opened" };
      // promtool compares annotations too: without them only the labels count.
      const bare = parseDocument(readFileSync(rules, "utf8")).toJS();
      for (const group of bare.groups) for (const rule of group.rules) delete rule.annotations;
      writeFileSync(join(folder, "bare.yml"), JSON.stringify(bare));
      const output = { host: "h", output: "file /var/log/x" };
      const tests = {
        rule_files: ["bare.yml"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: [
              series("bulkhead_changes_total", labels, "_x5 1x30"),
              series("bulkhead_output_oldest_seconds", output, "0x5 900x20"),
            ],
            alert_rule_test: [
              fires("BulkheadShortCritical", "4m", undefined),
              fires("BulkheadShortCritical", "6m", labels),
              fires("BulkheadShortCritical", "25m", undefined),
              fires("BulkheadOutputFails", "5m", undefined),
              fires("BulkheadOutputFails", "10m", { ...output, severity: "warning" }),
            ],
          },
        ],
      };
      writeFileSync(join(folder, "test.yml"), JSON.stringify(tests));
      execFileSync("promtool", ["check", "rules", "rules.yml"], { cwd: folder, stdio: "pipe" });
      execFileSync("promtool", ["test", "rules", "test.yml"], { cwd: folder, stdio: "pipe" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.skipIf(!hasPromtool)(
  hasPromtool
    ? "Prometheus takes the alert rules of serve, and they fire and end with what they are about"
    : "the alert rules of serve in Prometheus (skipped: there is no promtool here)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-rules-"));
    try {
      const text = readFileSync("packaging/serve/prometheus-rules.yml", "utf8");
      writeFileSync(join(folder, "rules.yml"), text);
      const bare = parseDocument(text).toJS();
      for (const group of bare.groups) for (const rule of group.rules) delete rule.annotations;
      writeFileSync(join(folder, "bare.yml"), JSON.stringify(bare));
      const control = { control: "privileged" };
      const critical = { ...control, severity: "critical" };
      const rule = { rule: "ops" };
      const tests = {
        rule_files: ["bare.yml"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: [
              series("bulkhead_control_open_findings", critical, "0x5 2x20 0x20"),
              series("bulkhead_notifications_waiting", rule, "5x40"),
              series("bulkhead_notification_failures", rule, "0x10 3x40"),
              series("bulkhead_refused_sign_ins_total", {}, "0x10 100x40"),
              series("bulkhead_silent_hosts", {}, "0x50"),
            ],
            alert_rule_test: [
              fires("BulkheadFleetCritical", "5m", undefined),
              fires("BulkheadFleetCritical", "15m", critical),
              fires("BulkheadFleetCritical", "40m", undefined),
              fires("BulkheadNotificationsWait", "20m", undefined),
              fires("BulkheadNotificationsWait", "30m", { ...rule, severity: "warning" }),
              fires("BulkheadSignInsRefused", "5m", undefined),
              fires("BulkheadSignInsRefused", "12m", { severity: "warning" }),
              fires("BulkheadSignInsRefused", "30m", undefined),
              fires("BulkheadHostSilent", "30m", undefined),
            ],
          },
        ],
      };
      writeFileSync(join(folder, "test.yml"), JSON.stringify(tests));
      execFileSync("promtool", ["check", "rules", "rules.yml"], { cwd: folder, stdio: "pipe" });
      execFileSync("promtool", ["test", "rules", "test.yml"], { cwd: folder, stdio: "pipe" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
