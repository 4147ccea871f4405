import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { evidence, outcomes, type Proving, provingOn } from "./proving.ts";

const only = ["--only", "engine-tcp,host-ports,cloud-metadata"];

describeWithEngine("bulkhead prove looks for ways over the network", () => {
  let engine: TestEngine;
  let proving: Proving;
  let web: ChildProcess | undefined;

  /** In the network namespace that is the host's for this Engine. */
  const there = (...command: readonly string[]) => ["-t", String(engine.pid), "-n", ...command];

  beforeAll(async () => {
    // A port that nobody would guess: what listens is asked, not what is usual.
    engine = await startEngine({ bridge: true, hosts: ["tcp://0.0.0.0:4711"] });
    proving = await provingOn(engine);
    await proving.start("bridged", "--publish", "8088:8088");
    await proving.start("alone", "--network", "none");
    await proving.start("on-host", "--network", "host");
  });
  afterAll(async () => {
    web?.kill();
    await engine?.stop();
  });

  it("says that there is nothing to reach where the host itself reaches none", async () => {
    const alone = await proving.proof("alone", "--only", "cloud-metadata");
    expect(alone.notApplicable.map(({ probe }) => probe)).toEqual(["cloud-metadata"]);
  });

  it("finds an Engine on TCP, the host's services and a metadata service, from where they are reached", async () => {
    execFileSync("nsenter", there("ip", "address", "add", "169.254.169.254/32", "dev", "lo"));
    web = spawn("nsenter", there("busybox", "httpd", "-f", "-p", "80", "-h", engine.folder), {
      stdio: "ignore",
    });
    for (const name of ["bridged", "on-host"]) {
      const reached = await proving.proof(name, ...only);
      expect(outcomes(reached)).toEqual({
        "engine-tcp": "notHeld",
        "host-ports": "notHeld",
        "cloud-metadata": "notHeld",
      });
      expect(evidence(reached, "engine-tcp")).toMatch(/[\d.]+:4711, where an Engine answers with API/);
      expect(evidence(reached, "host-ports")).toMatch(/it connects to .*:80\b/);
      // What the container publishes leads to itself. For the other it is a service of the host's.
      const isPublished = evidence(reached, "host-ports").includes(":8088");
      expect(isPublished).toBe(name === "on-host");
    }
    const alone = await proving.proof("alone", ...only);
    expect(alone.probes.map(({ probe, outcome, by }) => [probe, outcome, by])).toEqual([
      ["engine-tcp", "held", ["host-network"]],
      ["host-ports", "held", ["host-network"]],
      ["cloud-metadata", "held", ["host-network"]],
    ]);
  });
});
