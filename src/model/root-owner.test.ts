import { describe, expect, test } from "vitest";
import { ownerOfContainer, type RootOwner, underRoot } from "./root-owner.ts";
import type { Severity } from "./severity.ts";
import type { Problem } from "./verdict.ts";

const rover: RootOwner = { kind: "rootless", uid: 1000, user: "rover", home: "/home/rover" };

const problem = (message: string, severity?: Severity, place?: string): Problem => ({
  message,
  severity,
  origins: [],
  evidence: "",
  place,
});

const weighed = (id: string, severity: Severity, found: Problem, owner: RootOwner | undefined) => {
  const { message, severity: now = severity } = underRoot({ id, severity }, found, owner);
  return { message, severity: now };
};

describe("a problem under a root", () => {
  test("that is the host's, or not known, is what the control says", () => {
    const found = problem("runs privileged: a process in it can take over the host");
    for (const owner of [undefined, { kind: "rootful", uid: 0 }, { kind: "nested", uid: 0 }] as const)
      expect(underRoot({ id: "privileged", severity: "critical" }, found, owner)).toEqual(found);
  });

  test.each([
    ["privileged", "critical", "high"],
    ["docker-socket-mount", "critical", "high"],
    ["host-proc-mount", "critical", "medium"],
    ["host-dev-mount", "critical", "medium"],
    ["device-access", "high", "low"],
    ["masked-paths", "high", "low"],
    ["host-pid", "high", "medium"],
  ] as const)("%s of a rootless Engine is at most %s, and names the account", (id, before, after) => {
    const { message, severity } = weighed(
      id,
      before,
      problem("does it: a process in it can own the host"),
      rover,
    );
    expect(severity).toBe(after);
    expect(message).toMatch(/^does it: /);
    expect(message).toContain("rover (uid 1000)");
    expect(message).toContain("(mitigated by rootless)");
    expect(message).not.toContain("own the host");
  });

  test("the host's network below a rootless Podman is the host's own; only what a user may is open there", () => {
    const found = problem(
      "runs in the host's network: a process in it can reach every service on the host's loopback and listen on any of the host's ports",
    );
    const podman: RootOwner = { ...rover, kind: "podman-rootless" };
    expect(weighed("host-network", "high", found, podman)).toEqual({
      severity: "high",
      message:
        "runs in the host's network: a process in it can reach every service on the host's loopback and listen on the ports that rover (uid 1000) may, and changes nothing of that network",
    });
    // rootlesskit has a network of its own, which may lead to the host's loopback.
    expect(weighed("host-network", "high", found, { ...rover, reachesLoopback: true }).severity).toBe("high");
    expect(weighed("host-network", "high", found, { ...rover, reachesLoopback: false }).severity).toBe(
      "medium",
    );
  });

  test("an IPC namespace that others may join is not the host's", () => {
    const found: Problem = {
      ...problem("has one (shareable): one that joins reads and changes its shared memory", "low"),
      amongContainers: true,
    };
    expect(weighed("host-ipc", "medium", found, rover)).toEqual({ message: found.message, severity: "low" });
  });

  test("a weaker problem does not get stronger", () => {
    expect(weighed("docker-socket-mount", "critical", problem("x: y", "low"), rover).severity).toBe("low");
  });

  test("the account's own files stay what they are; what holds them counts for them; the rest is closed", () => {
    const mount = (place: string) =>
      weighed(
        "sensitive-host-mount",
        "high",
        problem(`mounts ${place}: a process in it can steal keys`, "high", place),
        rover,
      );
    expect(mount("/home/rover/.ssh")).toEqual({
      message: "mounts /home/rover/.ssh: a process in it can steal keys",
      severity: "high",
    });
    for (const place of ["/", "/home"]) expect(mount(place).severity).toBe("high");
    for (const place of ["/etc", "/root/.ssh", "/home/other"]) expect(mount(place).severity).toBe("low");
  });

  test("the host's network is settled only where its loopback is known to be closed", () => {
    const found = problem("runs in the host's network: a process in it can reach every service");
    const severity = (reachesLoopback: boolean | undefined) =>
      weighed("host-network", "high", found, { ...rover, reachesLoopback }).severity;
    expect([severity(false), severity(true), severity(undefined)]).toEqual(["medium", "high", "high"]);
  });

  test("root that is remapped owns nothing, and the socket stays what it is", () => {
    const remapped: RootOwner = { kind: "userns-remap", uid: 100_000 };
    const found = problem("mounts /proc: a process in it can run programs as the host's root", "critical");
    expect(weighed("host-proc-mount", "critical", found, remapped)).toEqual({
      message:
        "mounts /proc: root in it is uid 100000 on the host, and may there what everybody may (mitigated by userns-remap)",
      severity: "medium",
    });
    expect(weighed("docker-socket-mount", "critical", found, remapped).severity).toBe("critical");
  });
});

describe("whose a container's root is", () => {
  const shown = (uid: number, byEngine: boolean) => ({ uid, mapped: uid !== 0, byEngine });

  test("the kernel's word comes first", () => {
    expect(ownerOfContainer(shown(0, true), rover, false)).toEqual({ kind: "rootful", uid: 0 });
    expect(ownerOfContainer(shown(1000, true), rover, false)).toEqual(rover);
    expect(ownerOfContainer(shown(100_000, false), { kind: "rootful", uid: 0 }, false)).toEqual({
      kind: "userns-remap",
      uid: 100_000,
    });
    expect(ownerOfContainer(shown(165_536, false), rover, false)?.kind).toBe("userns-remap");
  });

  test("without it the Engine's, unless the container opts out", () => {
    expect(ownerOfContainer(undefined, rover, false)).toEqual(rover);
    expect(ownerOfContainer(undefined, { kind: "userns-remap" }, true)?.kind).toBe("rootful");
    expect(ownerOfContainer(undefined, undefined, false)).toBeUndefined();
  });
});
