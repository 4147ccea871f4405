import { describe, expect, it } from "vitest";
import { memoryFiles } from "../../test/support/memory-files.ts";
import { shellWords } from "../base/shell-words.ts";
import { controls } from "../controls/registry.ts";
import { harden } from "./harden.ts";
import { policyOf, type RunPolicy } from "./policy.ts";

const nginx = {
  capabilities: ["CHOWN", "SETGID", "SETUID"],
  writablePaths: ["/run"],
  source: "nginx",
};

function hardened(line: string, policy: Partial<RunPolicy> = {}, unseen?: string) {
  return harden({
    arguments: line.split(" "),
    policy: { ...policyOf({}), ...policy },
    controls,
    rules: { ignores: [], today: "2026-01-01" },
    needs: ({ name }) =>
      name === "known"
        ? nginx
        : name === "sudo"
          ? { ...nginx, gains: [{ path: "/usr/bin/sudo", by: "mode" }] }
          : undefined,
    unseen,
    io: memoryFiles(),
  });
}

const added = (line: string, policy: Partial<RunPolicy> = {}) =>
  hardened(line, policy).flags.map(shellWords).toSorted();

describe("what bulkhead run adds", () => {
  it("to an image of which nothing is known: what does no harm", () => {
    expect(added("app:1")).toEqual(["--security-opt no-new-privileges"]);
  });

  it("to one whose needs are known: what its start does not need", () => {
    expect(added("--name known nginx")).toEqual([
      "--cap-add CHOWN",
      "--cap-add SETGID",
      "--cap-add SETUID",
      "--cap-drop ALL",
      "--security-opt no-new-privileges",
    ]);
  });

  it("no no-new-privileges where a program of the image gains rights, and says so", () => {
    const { flags, note } = hardened("--name sudo app:1");
    expect(flags).toEqual([]);
    expect(note).toBe(
      "no-new-privileges was not added: /usr/bin/sudo in the image gives more rights to a process that executes it",
    );
    const asked = hardened("--name sudo app:1", { harden: ["no-new-privileges"] });
    expect(asked.flags.map(shellWords)).toEqual(["--security-opt no-new-privileges"]);
    expect(asked.note).toBeUndefined();
  });

  it("drops no capabilities of an unknown image, as another user neither: a file's capability may be what it runs by", () => {
    expect(added("-u 1000 app:1")).not.toContain("--cap-drop ALL");
    expect(added("-u 0:0 app:1")).not.toContain("--cap-drop ALL");
  });

  it("limits memory, CPU and processes only where somebody says how much", () => {
    const policy = policyOf({
      fix: { limits: { memory: "1g", cpus: 2, pids: 300 } },
      run: { limits: { memory: "512m" } },
    });
    expect(added("app:1", policy)).toContain("--memory 512m");
    expect(added("app:1", policy)).toContain("--cpus 2");
    expect(added("app:1", policy)).toContain("--pids-limit 300");
    expect(added("-m 4g app:1", policy)).not.toContain("--memory 512m");
  });

  it.each([
    "--rm app:1",
    "-it --rm app:1 sh",
    "elasticsearch:8.15.0",
    "--restart always app:1",
    "--memory-reservation 64m app:1",
    "--cpu-period 50000 app:1",
  ])("sets the limits that somebody gives, whatever the container is: %s", (line) => {
    const given = policyOf({ run: { limits: { memory: "512m", cpus: 2, pids: 300 } } });
    for (const policy of [given, { ...given, harden: ["memory-limit", "cpu-limit", "pids-limit"] }]) {
      expect(added(line, policy)).toContain("--memory 512m");
      expect(added(line, policy)).toContain("--pids-limit 300");
      expect(added(line, policy).join(" ")).toMatch(/--cpus 2|--cpu-quota 100000/);
      expect(hardened(line, policy).note).toBeUndefined();
    }
  });

  it.each([
    ["--memory-reservation 1g app:1", "it reserves 1 GiB"],
    ["--memory-swap 100m app:1", "its memory and swap together are 100 MiB"],
  ])("says why it sets none that Docker would refuse: %s", (line, why) => {
    const { flags, note } = hardened(line, policyOf({ run: { limits: { memory: "512m" } } }));
    expect(flags.map(shellWords)).not.toContain("--memory 512m");
    expect(note).toMatch(/^not all was added: 512 MiB of memory, from bulkhead.yaml, cannot be set: /);
    expect(note).toContain(why);
  });

  it("leaves what the user says", () => {
    const said = [
      "--security-opt no-new-privileges=false",
      "--pids-limit -1",
      "--read-only=false",
      "--cap-drop NET_RAW",
    ].join(" ");
    expect(added(`--name known ${said} nginx`)).toEqual([]);
    expect(added("--privileged app:1")).toEqual([]);
  });

  it("overrides it where the policy says so", () => {
    const result = hardened("--pids-limit -1 --read-only=false app:1", {
      override: true,
      harden: ["pids-limit"],
    });
    expect(result.arguments).toEqual(["--pids-limit", "8192", "--read-only=false", "app:1"]);
  });

  it("holds to the controls that the policy names, known or not", () => {
    expect(added("app:1", { harden: ["read-only-rootfs", "capabilities-drop"] })).toEqual([
      "--cap-drop ALL",
      "--read-only",
      "--tmpfs /tmp:size=64m",
    ]);
  });

  it("adds nothing to exempt images", () => {
    expect(added("registry.example/dev/x:1", { exempt: ["registry.example/dev/*"] })).toEqual([]);
    expect(added("registry.example/dev/x:1", { exempt: ["dev/*"] })).not.toEqual([]);
  });

  it("hands on what docker refuses, and says that nothing was added", () => {
    for (const line of ["--new-flag app:1", "--memory lots app:1"]) {
      expect(hardened(line)).toMatchObject({
        arguments: line.split(" "),
        flags: [],
        note: expect.stringMatching(/^nothing was added: /),
      });
    }
    expect(hardened("--help")).toMatchObject({ arguments: ["--help"], note: undefined });
  });

  it("says what no-new-privileges could break where nobody looked into the image", () => {
    expect(hardened("app:1", {}, "it is not pulled yet").note).toMatch(/\(it is not pulled yet\).*sudo/);
    expect(hardened("app:1").note).toBeUndefined();
    const said = "--security-opt no-new-privileges app:1";
    expect(hardened(said, {}, "it is not pulled yet").note).toBeUndefined();
  });

  it("adds the same to its own result: nothing", () => {
    const once = hardened("--name known nginx").arguments;
    expect(hardened(once.join(" "))).toMatchObject({ arguments: once, flags: [] });
  });
});
