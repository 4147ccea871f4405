import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import { create, harmless, idIn, type Json, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

/** What one client does to another's, where an owner's label keeps them apart. */
const own = "{ owner: { label: owner, value: mine } }";

/** The label that the client has to set by itself where a plugin cannot. */
const mine: Json = { Labels: { owner: "mine" } };
const theirs: Json = { Labels: { owner: "theirs" } };

const others: Json = {
  ...theirs,
  Cmd: ["sh", "-c", "echo treasure; sleep 1000"],
  Env: ["PASSWORD=treasure"],
  HostConfig: { ...harmless, NetworkMode: "bridge" },
};

const running = (stage: Stage) => stage.make("other", others, "start");

const logs = "/containers/other/logs?stdout=1";

/** It runs, and has written what is not for others. */
async function spoken(stage: Stage): Promise<void> {
  await running(stage);
  await stage.comes(async () => (await stage.door.call("GET", logs)).text.includes("treasure"));
}

/** For what need not run. */
const idle = (attack: Attack): Attack => ({ ...attack, prepare: (stage) => stage.make("other", others) });

const gone = async (stage: Stage) =>
  !(await someContainer(stage, { Name: "/other", State: { Running: true, Paused: false } }));

const hears = (_: Stage, heard: string) => heard.includes("treasure");

const does = (name: string, method: string, path: string, seen: Attack["seen"], body?: Json): Attack => ({
  name,
  policy: own,
  prepare: running,
  attempt: (door) => door.call(method, path, body),
  seen,
});

const owners: readonly Attack[] = [
  does("stops another's container", "POST", "/containers/other/stop?t=0", gone),
  does("kills another's container", "POST", "/containers/other/kill", gone),
  does("pauses another's container", "POST", "/containers/other/pause", gone),
  does("removes another's container", "DELETE", "/containers/other?force=1", gone),
  { ...does("reads another's logs", "GET", logs, hears), prepare: spoken },
  idle(does("reads another's environment", "GET", "/containers/other/json", hears)),
  does("sees another's container in the list", "GET", "/containers/json", (_, heard) =>
    heard.includes("/other"),
  ),
  does(
    "sees it by a filter of its own",
    "GET",
    `/containers/json?filters=${encodeURIComponent('{"label":{"owner=theirs":true}}')}`,
    (_, heard) => heard.includes("/other"),
  ),
  does(
    "sees it by a filter in the old form",
    "GET",
    `/containers/json?filters=${encodeURIComponent('{"label":["owner=theirs"]}')}`,
    (_, heard) => heard.includes("/other"),
  ),
  idle(
    does("copies from another's container", "GET", "/containers/other/archive?path=/etc/passwd", (_, heard) =>
      heard.includes("root:x:"),
    ),
  ),
  {
    ...does(
      "removes another's stopped containers",
      "POST",
      "/containers/prune",
      async (stage) => (await stage.containers()).length === 0,
    ),
    prepare: (stage) => stage.make("other", { ...theirs, HostConfig: harmless }),
  },
  {
    ...does("removes another's volumes", "POST", "", () => true),
    prepare: (stage) => stage.ask("POST", "/volumes/create", { Name: "theirs", ...theirs }),
    attempt: async (door) => {
      await door.call("POST", `/volumes/prune?filters=${encodeURIComponent('{"all":["true"]}')}`);
      await door.call("DELETE", "/volumes/theirs?force=1");
    },
    seen: async (stage) => (await stage.door.call("GET", "/volumes/theirs")).status === 404,
  },
  {
    ...does(
      "removes another's network",
      "DELETE",
      "/networks/theirs",
      async (stage) => (await stage.door.call("GET", "/networks/theirs")).status === 404,
    ),
    prepare: (stage) => stage.ask("POST", "/networks/create", { Name: "theirs", ...theirs }),
  },
  ...[
    ["joins another's network namespace", { NetworkMode: "container:other" }],
    ["joins another's processes", { PidMode: "container:other" }],
    ["takes another's mounts", { VolumesFrom: ["other"] }],
  ].map(
    ([name, hostConfig]): Attack => ({
      ...idle(does(String(name), "POST", "", () => true)),
      attempt: (door) => create(door, { ...mine, HostConfig: hostConfig }),
      seen: (stage) => someContainer(stage, { Name: "/evil" }),
    }),
  ),
  ...[
    ["mounts another's volume", { Binds: ["theirs:/x"] }],
    ["mounts another's volume by Mounts", { Mounts: [{ Type: "volume", Source: "theirs", Target: "/x" }] }],
  ].map(
    ([name, hostConfig]): Attack => ({
      ...does(String(name), "POST", "", () => true),
      prepare: (stage) => stage.ask("POST", "/volumes/create", { Name: "theirs", ...theirs }),
      attempt: (door) => create(door, { ...mine, HostConfig: hostConfig }),
      seen: (stage) => someContainer(stage, { Name: "/evil" }),
    }),
  ),
  {
    ...does("runs a command in another's container", "POST", "", hears),
    attempt: async (door) => {
      const exec = await door.call("POST", "/containers/other/exec", { Cmd: ["env"], AttachStdout: true });
      await door.call("POST", `/exec/${idIn(exec)}/start`, {});
    },
  },
  {
    ...does("starts another's command", "POST", "", hears),
    prepare: async (stage) => {
      await running(stage);
      stage.kept.set(
        "exec",
        idIn(await stage.ask("POST", "/containers/other/exec", { Cmd: ["env"], AttachStdout: true })),
      );
    },
    attempt: (door, { kept }) => door.call("POST", `/exec/${kept.get("exec")}/start`, {}),
  },
  {
    ...does("makes a container in another's name", "POST", "", () => true),
    prepare: async () => undefined,
    attempt: (door) => create(door, theirs),
    seen: (stage) => someContainer(stage, { Config: theirs }),
  },
  {
    ...does("makes a container that is nobody's", "POST", "", () => true),
    prepare: async () => undefined,
    attempt: (door) => create(door, {}),
    seen: async (stage) =>
      (await stage.containers()).length > 0 && !(await someContainer(stage, { Config: mine })),
  },
  {
    ...does(
      "disconnects another's container",
      "POST",
      "/networks/bridge/disconnect",
      async (stage) =>
        !(await someContainer(stage, { Name: "/other", NetworkSettings: { Networks: { bridge: {} } } })),
      { Container: "other", Force: true },
    ),
  },
  {
    ...does(
      "removes another's image",
      "DELETE",
      "/images/theirs:1",
      async (stage) => (await stage.door.call("GET", "/images/theirs:1/json")).status === 404,
    ),
    prepare: (stage) => stage.ask("POST", `/images/${busybox}/tag?repo=theirs&tag=1`),
  },
];

const secretive = "{ redact: true }";
const tells = (_: Stage, heard: string) => heard.includes("PASSWORD=treasure");
const redacted: readonly Attack[] = [
  {
    ...idle(does("reads a password from inspect", "GET", "/containers/other/json", tells)),
    policy: secretive,
  },
  {
    ...does("reads a password from the processes", "GET", "/containers/other/top?ps_args=eww", tells),
    policy: secretive,
  },
  {
    ...does("reads the rest of a password with spaces from an image's history", "GET", "", (_, heard) =>
      heard.includes("with more words"),
    ),
    policy: secretive,
    prepare: async (stage) => {
      const archive = await tarOf({
        Dockerfile: `FROM ${busybox}\nENV PASSWORD="treasure with more words"\n`,
      });
      await stage.door.send("POST", "/build?t=secretive:1", archive, "application/x-tar");
    },
    attempt: (door) => door.call("GET", "/images/secretive:1/history"),
  },
  {
    ...does("reads a password from inspect, by no version", "GET", "", tells),
    policy: secretive,
    attempt: (door) =>
      door.raw(
        "GET /containers/other/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n",
      ),
  },
  {
    ...does("reads a password from an image", "GET", "/images/secretive:1/json", tells),
    policy: secretive,
    prepare: async (stage) => {
      await stage.make("other", { HostConfig: harmless });
      await stage.ask(
        "POST",
        "/commit?container=other&repo=secretive&tag=1&changes=ENV+PASSWORD%3Dtreasure",
        {},
      );
    },
  },
];

const readOnly = "{ preset: read-only, rules: { guard-answer: allow } }";
const looking = (
  name: string,
  method: string,
  path: string,
  body: Json | undefined,
  seen: Attack["seen"],
): Attack => ({
  name,
  policy: readOnly,
  prepare: running,
  attempt: (door) => door.call(method, path, body),
  seen,
});

const lookers: readonly Attack[] = [
  looking(
    "a client that only looks makes a container",
    "POST",
    "/containers/create?name=evil",
    { Image: busybox, HostConfig: harmless },
    (stage) => someContainer(stage, { Name: "/evil" }),
  ),
  looking("a client that only looks stops one", "POST", "/containers/other/stop?t=0", undefined, gone),
  looking(
    "a client that only looks makes a volume",
    "POST",
    "/volumes/create",
    { Name: "evil" },
    async (stage) => (await stage.door.call("GET", "/volumes/evil")).status === 200,
  ),
  looking(
    "a client that only looks copies files",
    "GET",
    "/containers/other/archive?path=/etc/passwd",
    undefined,
    (_, heard) => heard.includes("root:x:"),
  ),
  looking("a client that only looks exports one", "GET", "/containers/other/export", undefined, (_, heard) =>
    heard.includes("root:x:"),
  ),
  looking("a client that only looks saves an image", "GET", `/images/${busybox}/get`, undefined, (_, heard) =>
    heard.includes("manifest.json"),
  ),
];

export const clientAttacks: readonly Attack[] = [...owners, ...redacted, ...lookers];
