import { expect, test } from "vitest";
import { engineFromInfo } from "../../engine/documents/info.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { withConfiguration } from "./engine-facts.ts";

// Engine 20.10 of Debian 12 (API 1.41), whose /info does not name no-new-privileges.
const documents = {
  info: { SecurityOptions: ["name=seccomp,profile=default"], ServerVersion: "20.10.24+dfsg1" },
  version: { ApiVersion: "1.41", Version: "20.10.24+dfsg1", Components: [{ Name: "Engine" }] },
  networks: [],
};

function told(commandLine: readonly string[], text: HostSight["configFile"]["text"]) {
  return withConfiguration(engineFromInfo(documents), host(commandLine, text)).engine.noNewPrivileges;
}

function host(commandLine: readonly string[], text: HostSight["configFile"]["text"]): HostSight {
  return {
    pid: 7,
    sameFiles: true,
    unit: undefined,
    root: "/proc/1/root",
    folder: "/proc/7",
    process: "dockerd",
    commandLine,
    configFile: { path: "/etc/docker/daemon.json", text },
    sockets: [],
    tcp: [],
    units: [],
  };
}

test("what the API of an old Engine does not say comes from dockerd's command line and daemon.json", () => {
  expect(told(["dockerd", "--no-new-privileges"], "missing")).toMatchObject({ state: "set", value: true });
  expect(told(["dockerd"], { ok: true, value: '{ "no-new-privileges": true }' })).toMatchObject({
    value: true,
  });
  expect(told(["dockerd"], "missing")).toMatchObject({ state: "unset" });
});

test("who may write daemon.json and its folder counts as who may write a unit does", () => {
  const place = { path: "/etc/docker/daemon.json", mode: 0o666, uid: 0, gid: 0 };
  const { engine } = withConfiguration(engineFromInfo(documents), {
    ...host(["dockerd"], { ok: true, value: "{}" }),
    configFile: { path: place.path, text: { ok: true, value: "{}" }, places: [place] },
  });
  expect(engine.units).toMatchObject({ value: { files: [place] } });
});

test("where its configuration cannot be read it is unknown", () => {
  expect(told(["dockerd"], { ok: false, reason: "permission denied" })).toMatchObject({
    state: "unresolved",
  });
});
