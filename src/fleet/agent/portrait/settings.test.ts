import { expect, it } from "vitest";
import { engine } from "../../../model/engine.ts";
import { set, unresolved } from "../../../model/fact.ts";
import { settingsOf } from "./take.ts";

const api = { pointer: "/info/LiveRestoreEnabled" };
const file = { file: "/etc/docker/daemon.json", startLine: 3, startColumn: 1, endLine: 3, endColumn: 9 };

const said = settingsOf(
  engine("configured", {
    liveRestore: set(true, api),
    icc: set(false, file),
    cgroupVersion: set(1, { pointer: "/info/CgroupVersion" }),
    kernelLsm: unresolved("the host's kernel cannot be seen from here"),
    memoryTotal: set(2 * 1024 ** 3, api),
    listenAddresses: [
      set({ address: "unix:///run/docker.sock", tls: "none" }, file),
      set({ address: "tcp://0.0.0.0:2376", tls: "mutual" }, { kernel: "/proc/7/cmdline" }),
    ],
    logOptions: [
      set({ name: "max-size", value: "10m" }, file),
      set({ name: "splunk-token", value: "hunter2" }, file),
    ],
    furtherOptions: [set({ name: "userland-proxy", value: "false" }, file)],
  }),
);

it.each([
  ["live-restore", "on", "the Engine's API"],
  ["icc", "off", "/etc/docker/daemon.json:3"],
  ["default-cgroupns-mode", "host", "the Engine's API"],
  ["no-new-privileges", "off", "default"],
  ["security modules", null, "the host's kernel cannot be seen from here"],
  ["memory", "2 GiB", "the Engine's API"],
  [
    "hosts",
    "unix:///run/docker.sock, tcp://0.0.0.0:2376 (TLS, known clients)",
    "/etc/docker/daemon.json:3, dockerd's arguments",
  ],
  ["log-opts", "max-size=10m, splunk-token=…", "/etc/docker/daemon.json:3"],
  ["userland-proxy", "false", "/etc/docker/daemon.json:3"],
])("%s is %s, from %s", (name, value, from) => {
  expect(said.find((each) => each.name === name)).toMatchObject({ value, from });
});

it("holds no secret", () => {
  expect(JSON.stringify(said)).not.toContain("hunter2");
});
