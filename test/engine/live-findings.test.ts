import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding, Report } from "../../src/audit/finding.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

describeWithEngine("what audit finds on a real Engine", () => {
  let engine: TestEngine;
  let program: string;
  let report: Report;

  async function audit(...targets: readonly string[]): Promise<Report> {
    const ran = await runCli(program, ["audit", ...targets, "--format", "json"], { env: engine.environment });
    return JSON.parse(ran.stdout) as Report;
  }

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
    const { docker } = engine;
    const start = (name: string, flags: readonly string[], image = busybox) =>
      docker(["run", "-d", "--name", name, ...flags, image, "sleep", "600"]);
    await docker(["create", "--name", "built", busybox, "sh", "-c", "NPM_TOKEN=abcdefghij npm ci"]);
    const changes = ["ENV DB_PASSWORD=hunter22", "EXPOSE 80"].flatMap((change) => ["--change", change]);
    await docker(["commit", ...changes, "built", "leaky:1"]);
    await docker(["rm", "built"]);
    await docker(
      "volume create -o type=overlay -o device=overlay -o o=lowerdir=/etc:/usr overlaid".split(" "),
    );
    await docker("volume create -o type=proc -o device=proc processes".split(" "));
    const profile = join(engine.folder, "profile.json");
    writeFileSync(
      profile,
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["acct"],"action":"SCMP_ACT_ERRNO"}]}',
    );
    await Promise.all([
      start("plain", []),
      start("privileged", ["--privileged"]),
      start("leaky", ["-e", "API_KEY=abcdefghij"], "leaky:1"),
      start("volumes", ["-v", "overlaid:/overlaid", "-v", "processes:/processes"]),
      start("profile", ["--security-opt", `seccomp=${profile}`]),
    ]);
    report = await audit("engine");
  });

  afterAll(async () => {
    await engine?.stop();
  });

  function failed(subject: string, control: string, from = report): Finding | undefined {
    return from.findings.find(
      (each) => each.subject === subject && each.control === control && each.verdict === "fail",
    );
  }

  test("audit engine judges the images that containers use", () => {
    expect(failed("image:leaky:1", "image-root-user")).toMatchObject({
      locations: [{ pointer: "/Config/User" }],
    });
    expect(failed("image:leaky:1", "image-healthcheck")).toBeDefined();
    expect(failed(`image:${busybox}`, "image-healthcheck")).toBeUndefined();
  });

  test("secrets in an image's configuration and history, and in a container's environment", async () => {
    for (const each of [report, await audit("image:leaky:1")]) {
      const finding = failed("image:leaky:1", "image-secret", each);
      expect(finding).toMatchObject({ severity: "high" });
      expect(finding?.message).toMatch(/DB_PASSWORD.*NPM_TOKEN/);
      expect(finding?.locations).toContainEqual({ pointer: "/history/0/CreatedBy" });
    }
    for (const each of [report, await audit("container:leaky")]) {
      expect(failed("container:leaky", "image-secret", each)).toMatchObject({
        severity: "low",
        message: expect.stringContaining("API_KEY"),
      });
      expect(failed("container:leaky", "image-secret", each)?.message).not.toContain("DB_PASSWORD");
    }
    expect(JSON.stringify(report)).not.toMatch(/hunter22|abcdefghij/);
  });

  test("volumes that mount more than a folder, and a profile that allows nearly all", () => {
    const volumes = failed("container:volumes", "volume-options");
    expect(volumes?.severity).toBe("critical");
    expect(volumes?.locations).toHaveLength(2);
    expect(failed("container:volumes", "kernel-file-system")).toBeDefined();
    expect(failed("container:profile", "seccomp-profile")).toMatchObject({ severity: "high" });
  });

  test("privileged is one finding, and no drift", () => {
    expect(failed("container:privileged", "privileged")).toMatchObject({ level: "effective" });
    for (const implied of [
      "capabilities-drop",
      "capabilities-dangerous",
      "seccomp-profile",
      "masked-paths",
      "device-access",
      "host-dev-mount",
      "sensitive-host-mount",
      "drift",
    ]) {
      expect(failed("container:privileged", implied), implied).toBeUndefined();
    }
    const privileged = report.subjects.find(({ name }) => name === "privileged");
    expect(privileged?.verdicts).toMatchObject({
      "capabilities-drop": "notApplicable",
      "seccomp-profile": "notApplicable",
      "masked-paths": "notApplicable",
    });
  });

  describe("where it was read", () => {
    test.each([
      ["effective", "kernel"],
      ["configured", "pointer"],
    ])("each %s finding points into the %s", (level, member) => {
      const findings = report.findings.filter((each) => each.verdict === "fail" && each.level === level);
      expect(findings.length).toBeGreaterThan(5);
      // What the Engine's API does not show of dockerd's options, its command line does.
      const isOption = (at: object) => "kernel" in at && /^\/proc\/\d+\/cmdline$/.test(String(at.kernel));
      const without = findings.filter(({ subject, locations: [at = {}] }) => {
        return !Object.hasOwn(at, member) && !(subject === "engine" && isOption(at));
      });
      expect(without.map(({ control, subject }) => `${control} ${subject}`)).toEqual([]);
    });
  });
});
