import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWhere } from "./describe.ts";
import { image, podmanAvailable, startPodman, type TestPodman } from "./podman.ts";

interface Report {
  readonly findings: readonly {
    readonly control: string;
    readonly verdict: string;
    readonly message: string;
    readonly subject: string;
  }[];
  readonly gaps: readonly { readonly reason: string }[];
}

describeWhere(podmanAvailable(), "a real Podman", () => {
  let podman: TestPodman;
  let program: string;
  let report: Report;

  beforeAll(async () => {
    program = builtCommand();
    podman = await startPodman();
    const start = (name: string, ...flags: readonly string[]) =>
      podman.podman(["run", "-d", "--name", name, ...flags, image, "sleep", "600"]);
    await start("web", "--network", "none", "--read-only", "--cap-drop", "ALL", "-u", "1000:1000");
    await start("bad", "--privileged", "--network", "host", "--pid", "host", "-v", "/etc:/host/etc");
    const ran = await cli("audit", "engine", "--host", podman.host, "--format", "json");
    report = JSON.parse(ran.stdout) as Report;
  });
  afterAll(async () => {
    await podman?.stop();
  });

  function cli(...args: readonly string[]) {
    return runCli(program, args);
  }

  function failing(subject: string): readonly string[] {
    return report.findings
      .filter((each) => each.verdict === "fail" && each.subject === `container:${subject}`)
      .map(({ control }) => control);
  }

  test("has its containers audited through its API and the kernel", () => {
    expect(report.gaps).toEqual([]);
    expect(failing("bad")).toEqual(
      expect.arrayContaining(["privileged", "host-network", "host-pid", "sensitive-host-mount"]),
    );
    const held = [
      "privileged",
      "read-only-rootfs",
      "capabilities-drop",
      "root-user",
      "host-network",
      "pids-limit",
    ];
    expect(failing("web").filter((control) => held.includes(control))).toEqual([]);
  });

  test("its own cgroup and its own name for a runtime are no findings", () => {
    for (const name of ["web", "bad"]) {
      expect(failing(name)).not.toContain("cgroup-parent");
      expect(failing(name)).not.toContain("runtime-handler");
    }
    const runtime = report.findings.filter(({ control }) => control === "runtime-handler");
    expect(runtime.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringMatching(/podman does not tell which runtime/)]),
    );
  });

  test("settings that only dockerd has do not apply", () => {
    const live = report.findings.find(({ control }) => control === "engine-live-restore");
    expect(live?.verdict ?? "notApplicable").toBe("notApplicable");
    const seccomp = report.findings.find(({ control }) => control === "engine-seccomp");
    expect(seccomp?.verdict ?? "notApplicable").not.toBe("fail");
  });

  test("its containers are not changed: fix says so", async () => {
    const ran = await cli("fix", "container:web", "--host", podman.host);
    expect(ran.status).toBe(2);
    expect(ran.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/Podman's containers are audited, not changed: fix the Compose file/),
    ]);
  });
});
