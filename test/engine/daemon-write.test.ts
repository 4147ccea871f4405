import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bareContext } from "../../src/controls/control.ts";
import { controls } from "../../src/controls/registry.ts";
import { writeDaemonJson } from "../../src/formats/daemon-json/write.ts";
import type { EnginePatch } from "../../src/model/patch.ts";
import { applyEdits } from "../../src/model/writing.ts";
import { engineFromDaemonJson } from "../support/subjects.ts";
import { describeWithEngine } from "./describe.ts";

const context = bareContext("daemon-json");

/** What every control that the text fails would have changed. */
function remediesOf(text: string): readonly EnginePatch[] {
  const engine = engineFromDaemonJson(text);
  return controls.flatMap(({ check, remedy }) =>
    check.engine?.(engine, context).verdict === "fail"
      ? (remedy.engine?.(engine, context).patches ?? [])
      : [],
  );
}

function written(text: string, patches: readonly EnginePatch[]) {
  const { edits, refused } = writeDaemonJson({ text, file: "daemon.json", patches });
  return { text: applyEdits(text, edits), refused };
}

const files: Readonly<Record<string, string>> = {
  "none yet": "",
  "an empty object": "{}\n",
  "one line": '{"debug":true,"log-driver":"json-file"}',
  insecure: JSON.stringify(
    {
      hosts: ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2375"],
      icc: true,
      "live-restore": false,
      "no-new-privileges": false,
      "seccomp-profile": "unconfined",
      "userns-remap": "",
      "selinux-enabled": false,
      "insecure-registries": ["registry.lan:5000", "127.0.0.0/8"],
      "log-driver": "json-file",
      "log-opts": { "max-size": "-1" },
      "storage-driver": "overlay2",
      "storage-opts": ["overlay2.size=0"],
      "default-ulimits": { nofile: { Name: "nofile", Hard: -1, Soft: -1 } },
    },
    null,
    2,
  ),
  "only hosts on the network":
    '{\r\n\t"hosts": ["tcp://127.0.0.1:2375"],\r\n\t"insecure-registries": ["r"]\r\n}\r\n',
};

describeWithEngine("dockerd takes what was written into daemon.json", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-daemon-json-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Says what dockerd says; rejects where it would not start. */
  async function validate(text: string): Promise<string> {
    const path = join(folder, "daemon.json");
    await writeFile(path, text);
    return await new Promise((resolve, reject) => {
      execFile("dockerd", ["--validate", "--config-file", path], (error, stdout, stderr) => {
        if (error) reject(new Error(`${stderr.trim()}\n${text}`));
        else resolve(stdout + stderr);
      });
    });
  }

  it.each(Object.keys(files))("%s, with every remedy", async (name) => {
    const before = files[name] ?? "";
    const after = written(before, remediesOf(before));
    expect(after.refused).toEqual([]);
    expect(after.text).not.toBe(before);
    expect(await validate(after.text)).toContain("configuration OK");
    expect(remediesOf(after.text)).toEqual([]);
  });

  it.each<EnginePatch>([
    { op: "set", field: "icc", value: false },
    { op: "set", field: "liveRestore", value: true },
    { op: "set", field: "noNewPrivileges", value: true },
    { op: "set", field: "usernsRemap", value: "default" },
    { op: "set", field: "selinuxEnabled", value: true },
    { op: "set", field: "seccompProfile", value: "builtin" },
    { op: "set", field: "storageDriver", value: "overlay2" },
    { op: "set", field: "logDriver", value: "local" },
    { op: "set", field: "cgroupParent", value: "/docker" },
    { op: "set", field: "defaultCgroupnsMode", value: "private" },
    { op: "set", field: "defaultIpcMode", value: "private" },
    { op: "set", field: "dataRoot", value: "/srv/docker" },
    { op: "set", field: "defaultRuntime", value: "runc" },
    { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } },
    { op: "add", field: "storageOptions", value: { name: "overlay2.size", value: "10G" } },
    { op: "add", field: "defaultUlimits", value: { name: "nofile", soft: 1024, hard: 4096 } },
    { op: "add", field: "insecureRegistries", value: "127.0.0.1:5000" },
    { op: "add", field: "authorizationPlugins", value: "opa" },
    { op: "add", field: "listenAddresses", value: { address: "unix:///run/x.sock", tls: "none" } },
  ])("$op $field", async (patch) => {
    const { text, refused } = written("", [patch]);
    expect(refused).toEqual([]);
    expect(await validate(text)).toContain("configuration OK");
  });

  it("and would not take what is wrong, so that taking it says something", async () => {
    await expect(validate('{ "iccc": false }')).rejects.toThrow(/iccc/);
  });
});
