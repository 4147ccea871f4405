import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openProvingEngine } from "../../src/cli/prove/proving-engine.ts";
import type { ProvingEngine } from "../../src/prove/probe.ts";
import { prove } from "../../src/prove/prove.ts";
import { probes } from "../../src/prove/registry.ts";
import { slowness } from "../support/slowness.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { columns, rows } from "./prove-table.ts";
import { runNamed } from "./test-container.ts";

const letters = { held: "h", notHeld: "n", inconclusive: "i" } as const;

/** A kernel without modules refuses everybody alike: nothing can be shown. */
const hasModules = existsSync("/proc/modules");
const hasSysrq = existsSync("/proc/sysrq-trigger");
const logIsRestricted = readFileSync("/proc/sys/kernel/dmesg_restrict", "utf8").trim() !== "0";

it("the table has a column for each probe", () => {
  expect(columns).toEqual(probes.map(({ id }) => id));
});

describeWithEngine("prove says of each container what the table says", () => {
  let engine: TestEngine;
  let proving: ProvingEngine;
  let close: () => Promise<void>;
  let web: ChildProcess | undefined;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true, hosts: ["tcp://0.0.0.0:2375"] });
    await importBusybox(engine);
    const there = (...command: readonly string[]) => ["-t", String(engine.pid), "-n", ...command];
    execFileSync("nsenter", there("ip", "address", "add", "169.254.169.254/32", "dev", "lo"));
    web = spawn("nsenter", there("busybox", "httpd", "-f", "-p", "80", "-h", engine.folder), {
      stdio: "ignore",
    });
    const opened = await openProvingEngine({ host: engine.host });
    if (!opened.ok) throw new Error(opened.reason);
    proving = opened.value.engine;
    close = opened.value.close;
  });
  afterAll(async () => {
    web?.kill();
    await close?.();
    await engine?.stop();
  });

  const proven = async (name: string) => {
    const outcome = await prove(
      {
        ...{
          wanted: { kind: "container", name },
          probes,
          inPlace: false,
          attribute: false,
          patience: 10_000 * slowness,
        },
        ...{ proc: "/proc", cgroup: "/sys/fs/cgroup", signal: new AbortController().signal },
        deviations: async () => [],
        progress: async () => {},
      },
      proving,
    );
    if (!outcome.ok) throw new Error(outcome.reason);
    return outcome.value.proof;
  };

  const table = rows({ socket: "SOCKET", folder: "FOLDER" });

  it.each(table.map(({ name }, index) => [name, index] as const))("%s", async (name, index) => {
    const row = rows({ socket: engine.socketPath, folder: engine.folder })[index];
    const flags = row?.flags ?? [];
    const network = flags.includes("--network") ? [] : ["--network", "none"];
    await runNamed(engine, name, [...network, ...flags]);
    const proof = await proven(name);
    await engine.docker(["rm", "-f", "-v", name]);
    const shown = new Map<string, string>([
      ...proof.probes.map(({ probe, outcome }) => [probe, letters[outcome]] as const),
      ...proof.notApplicable.map(({ probe }) => [probe, "-"] as const),
    ]);
    const wanted = new Map(
      [...(row?.says.replaceAll(" ", "") ?? "")].map((letter, at) => [columns[at], letter]),
    );
    wanted.set("kernel-log", wanted.get("kernel-log")?.replace("d", logIsRestricted ? "h" : "n") ?? "");
    wanted.set("reboot", wanted.get("reboot")?.replace("q", hasSysrq ? "n" : "h") ?? "");
    if (!hasModules) wanted.set("load-module", "i");
    const evidence = (probe: string | undefined) =>
      proof.probes.find((each) => each.probe === probe)?.evidence;
    const differing = columns
      .filter((probe) => shown.get(probe) !== wanted.get(probe))
      .map(
        (probe) =>
          `${probe}: the table says ${wanted.get(probe)}, prove ${shown.get(probe)} (${evidence(probe)})`,
      );
    expect(differing).toEqual([]);
  });
});
