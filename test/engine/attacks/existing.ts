import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import { create, harmless, idIn, type Json, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

/** What somebody made past the guard, that the policy would not have made. */
const dangerous: Json = { ...harmless, Privileged: true, Binds: ["/:/host"] };

/** The container `other`, which is dangerous, with what its command does. */
const made =
  (command: string, start?: "start", hostConfig: Json = dangerous) =>
  async (stage: Stage) => {
    const script = command.replaceAll("FOLDER", `/host${stage.folder}`);
    const body = { Cmd: ["sh", "-c", script], OpenStdin: true, HostConfig: hostConfig };
    stage.kept.set("other", await stage.make("other", body, start));
  };

const writesOut = "echo evil > FOLDER/written; sleep 1000";
const written = async (stage: Stage) => existsSync(join(stage.folder, "written"));
const soon = (milliseconds = 400) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const isRunning = (stage: Stage) => someContainer(stage, { Name: "/other", State: { Running: true } });

const started: readonly Attack[] = [
  {
    name: "starts a container that was made elsewhere",
    prepare: made(writesOut),
    attempt: (door) => door.call("POST", "/containers/other/start"),
    seen: isRunning,
  },
  {
    name: "starts one by its id, and by the beginning of it",
    prepare: made(writesOut),
    attempt: async (door, { kept }) => {
      const id = kept.get("other") ?? "";
      await door.call("POST", `/containers/${id}/start`);
      await door.call("POST", `/containers/${id.slice(0, 3)}/start`);
    },
    seen: isRunning,
  },
  {
    name: "restarts one",
    prepare: made(writesOut),
    attempt: (door) => door.call("POST", "/containers/other/restart?t=0"),
    seen: isRunning,
  },
  {
    name: "lets one go on that was paused",
    prepare: async (stage) => {
      await made("while :; do echo evil > FOLDER/written; sleep 0.1; done", "start")(stage);
      await stage.ask("POST", "/containers/other/pause");
    },
    attempt: (door) => door.call("POST", "/containers/other/unpause"),
    seen: (stage) => someContainer(stage, { Name: "/other", State: { Paused: false } }),
    clean: async (stage) => await stage.door.call("POST", "/containers/other/unpause"),
  },
  {
    name: "renames one, to be taken for another",
    prepare: made(writesOut),
    attempt: (door) => door.call("POST", "/containers/other/rename?name=innocent"),
    seen: (stage) => someContainer(stage, { Name: "/innocent" }),
  },
];

const entered: readonly Attack[] = [
  {
    name: "writes to the input of one",
    prepare: made("sh", "start"),
    attempt: async (door, { folder }) => {
      const line = `echo evil > /host${folder}/written\n`;
      const head =
        "POST /v1.45/containers/other/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\n";
      await door.raw(`${head}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n`, line);
      await soon();
    },
    seen: written,
  },
  {
    name: "writes to the input of one without an Upgrade",
    prepare: made("sh", "start"),
    attempt: async (door, { folder }) => {
      const line = `echo evil > /host${folder}/written\n`;
      const head = "POST /v1.45/containers/other/attach?stream=1&stdin=1 HTTP/1.1\r\nHost: docker\r\n";
      await door.raw(`${head}Content-Length: 0\r\n\r\n`, line);
      await soon();
    },
    seen: written,
  },
  {
    name: "writes to the input of one by a WebSocket",
    prepare: made("sh", "start"),
    attempt: async (door, { folder }) => {
      const words = Buffer.from(`echo evil > /host${folder}/written\n`);
      const handshake =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://docker\r\n";
      const head = `GET /v1.45/containers/other/attach/ws?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\n${handshake}\r\n`;
      // A masked text frame (RFC 6455, 5.2), with a mask of zeros.
      const frame = Buffer.concat([Buffer.from([0x81, 0x80 | words.length, 0, 0, 0, 0]), words]);
      await door.raw(head, frame);
      await soon();
    },
    seen: written,
  },
  {
    name: "runs a command in one",
    prepare: made("sleep 1000", "start"),
    attempt: async (door, { folder }) => {
      const exec = await door.call("POST", "/containers/other/exec", {
        Cmd: ["sh", "-c", `echo evil > /host${folder}/written`],
        AttachStdout: true,
      });
      await door.call("POST", `/exec/${idIn(exec)}/start`, {});
      await soon();
    },
    seen: written,
  },
  {
    name: "starts a command in one that was made elsewhere",
    prepare: async (stage) => {
      await made("sleep 1000", "start")(stage);
      const Cmd = ["sh", "-c", `echo evil > /host${stage.folder}/written`];
      stage.kept.set(
        "exec",
        idIn(await stage.ask("POST", "/containers/other/exec", { Cmd, AttachStdout: true })),
      );
    },
    attempt: async (door, { kept }) => {
      await door.call("POST", `/exec/${kept.get("exec")}/start`, { Detach: true });
      await soon();
    },
    seen: written,
  },
  {
    name: "copies into one",
    prepare: made("sleep 1000"),
    attempt: (door, { folder }) =>
      tarOf({ written: "evil" }).then((archive) =>
        door.send("PUT", `/containers/other/archive?path=/host${folder}`, archive),
      ),
    seen: written,
  },
  {
    name: "copies out of one",
    prepare: async (stage) => {
      await made("sleep 1000")(stage);
      writeFileSync(join(stage.folder, "secret"), "treasure");
    },
    attempt: (door, { folder }) => door.call("GET", `/containers/other/archive?path=/host${folder}/secret`),
    seen: (_, heard) => heard.includes("treasure"),
  },
  {
    name: "asks what is in one",
    prepare: async (stage) => {
      await made("sleep 1000")(stage);
      writeFileSync(join(stage.folder, "secret"), "treasure");
      stage.kept.set("before", readFileSync(join(stage.folder, "secret"), "utf8"));
    },
    attempt: (door, { folder }) =>
      door
        .raw(
          `HEAD /v1.45/containers/other/archive?path=/host${folder}/secret HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n`,
        )
        .then((text) => {
          const stat = /X-Docker-Container-Path-Stat: (\S+)/i.exec(text)?.[1];
          if (stat !== undefined) writeFileSync(join(folder, "told"), stat);
        }),
    seen: ({ folder }) => existsSync(join(folder, "told")),
  },
  {
    name: "exports one",
    prepare: async (stage) => {
      await made("echo treasure > /secret", "start")(stage);
      await stage.ask("POST", "/containers/other/wait");
    },
    attempt: (door) => door.call("GET", "/containers/other/export"),
    seen: (_, heard) => heard.includes("treasure"),
  },
  {
    name: "makes an image of one",
    prepare: made("true"),
    attempt: (door) => door.call("POST", "/commit?container=other&repo=evil&tag=1", {}),
    seen: async (stage) => (await stage.ask("GET", "/images/json")).text.includes("evil:1"),
  },
];

const inHarmless: readonly Attack[] = [
  {
    name: "a privileged command",
    prepare: made("sleep 1000", "start", harmless),
    attempt: async (door) => {
      const exec = await door.call("POST", "/containers/other/exec", {
        Cmd: ["grep", "CapEff", "/proc/self/status"],
        Privileged: true,
        AttachStdout: true,
      });
      await door.call("POST", `/exec/${idIn(exec)}/start`, {});
    },
    seen: (_, heard) => /CapEff:\s+000001ff/.test(heard),
  },
  {
    name: "a privileged command that was made elsewhere",
    prepare: async (stage) => {
      await made("sleep 1000", "start", harmless)(stage);
      const body = { Cmd: ["grep", "CapEff", "/proc/self/status"], Privileged: true, AttachStdout: true };
      stage.kept.set("exec", idIn(await stage.ask("POST", "/containers/other/exec", body)));
    },
    attempt: (door, { kept }) => door.call("POST", `/exec/${kept.get("exec")}/start`, {}),
    seen: (_, heard) => /CapEff:\s+000001ff/.test(heard),
  },
  {
    name: "a command as root where the policy names users",
    policy: "{ allow: { users: ['1000'] } }",
    prepare: (stage) =>
      stage.make("other", { User: "1000", Cmd: ["sleep", "1000"], HostConfig: harmless }, "start"),
    attempt: async (door) => {
      const exec = await door.call("POST", "/containers/other/exec", {
        Cmd: ["id"],
        User: "0",
        AttachStdout: true,
      });
      await door.call("POST", `/exec/${idIn(exec)}/start`, {});
    },
    seen: (_, heard) => heard.includes("uid=0"),
  },
  {
    name: "a command as root in a container that runs as another, where the policy forbids it",
    policy: "{ rules: { guard-exec-root: deny } }",
    prepare: (stage) =>
      stage.make("other", { User: "1000", Cmd: ["sleep", "1000"], HostConfig: harmless }, "start"),
    attempt: async (door) => {
      for (const User of ["0", "root", "00", "0:0", "+0"]) {
        const exec = await door.call("POST", "/containers/other/exec", {
          Cmd: ["id"],
          User,
          AttachStdout: true,
        });
        await door.call("POST", `/exec/${idIn(exec)}/start`, {});
      }
    },
    seen: (_, heard) => heard.includes("uid=0"),
  },
  {
    name: "root in the container of another user, where the policy names users",
    policy: "{ allow: { users: ['1000'] } }",
    prepare: async (stage) =>
      stage.make("other", { User: "0", Cmd: ["sleep", "1000"], HostConfig: harmless }),
    attempt: (door) => door.call("POST", "/containers/other/start"),
    seen: isRunning,
  },
];

const update = (name: string, before: Json, change: Json, seen: Json): Attack => ({
  name,
  prepare: (stage) =>
    stage.make("other", { Cmd: ["sleep", "1000"], HostConfig: { ...harmless, ...before } }, "start"),
  attempt: (door) => door.call("POST", "/containers/other/update", change),
  seen: (stage) => someContainer(stage, { HostConfig: seen }),
});

const updated: readonly Attack[] = [
  ...[-1, 0].map(
    (PidsLimit): Attack => ({
      ...update(`takes the limit of processes away (${PidsLimit})`, {}, { PidsLimit }, {}),
      seen: async (stage) =>
        (await stage.containers()).some((each) => Number(recordAt(each, "HostConfig").PidsLimit ?? 0) <= 0),
    }),
  ),
  {
    ...update(
      "takes the limit of memory away",
      { Memory: 64 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 },
      {},
      {},
    ),
    policy: "{ limits: { memory: 512m } }",
    attempt: (door) =>
      door.call("POST", "/containers/other/update", { Memory: 2 ** 50, MemorySwap: 2 ** 50 }),
    seen: (stage) => someContainer(stage, { HostConfig: { Memory: 2 ** 50 } }),
  },
  {
    ...update("gives it swap without an end", { Memory: 64 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 }, {}, {}),
    attempt: (door) => door.call("POST", "/containers/other/update", { MemorySwap: -1 }),
    seen: (stage) => someContainer(stage, { HostConfig: { MemorySwap: -1 } }),
  },
  {
    name: "changes one that the policy would not have made",
    prepare: made("sleep 1000", "start"),
    attempt: (door) => door.call("POST", "/containers/other/update", { RestartPolicy: { Name: "always" } }),
    seen: (stage) => someContainer(stage, { HostConfig: { RestartPolicy: { Name: "always" } } }),
  },
];

const taggedName = (stage: Stage, part: string) =>
  stage.ask("GET", "/images/json").then(({ text }) => text.includes(part));

const committed: readonly Attack[] = [
  {
    name: "an image of a harmless container, that starts as root",
    prepare: made("true", undefined, harmless),
    attempt: (door) => door.call("POST", "/commit?container=other&repo=evil&tag=1&changes=USER+0", {}),
    seen: (stage) => taggedName(stage, "evil:1"),
  },
  {
    name: "an image under the name of another",
    prepare: made("true", undefined, harmless),
    attempt: (door) => door.call("POST", `/commit?container=other&repo=${busybox.replace(":", "&tag=")}`, {}),
    seen: async (stage) => idIn(await stage.ask("GET", `/images/${busybox}/json`)) !== stage.image,
  },
];

const renamed: readonly Attack[] = [
  {
    name: "the commands for another, by a name that is its short id",
    prepare: made("sleep 1000", "start", harmless),
    attempt: async (door, stage) => {
      const id = String((await stage.containers())[0]?.Id);
      stage.kept.set("id", id);
      await create(door, {}, id.slice(0, 12));
    },
    seen: async (stage) => {
      const found = await stage.ask("GET", `/containers/${stage.kept.get("id")?.slice(0, 12)}/json`);
      return idIn(found) !== stage.kept.get("id");
    },
  },
  {
    name: "the commands for another, by the beginning of its id as a name",
    prepare: made("sleep 1000", "start", harmless),
    attempt: async (door, stage) => {
      const id = String((await stage.containers())[0]?.Id);
      stage.kept.set("id", id);
      await create(door, {}, "second");
      await door.call("POST", `/containers/second/rename?name=${id.slice(0, 7)}`);
    },
    seen: async (stage) => {
      const found = await stage.ask("GET", `/containers/${stage.kept.get("id")?.slice(0, 7)}/json`);
      return idIn(found) !== stage.kept.get("id");
    },
  },
];

/** A policy that names users by name is worth what the passwd file in the container is. */
const byName: readonly Attack[] = [
  {
    name: "root as a user that the policy names, by a passwd file that is copied in",
    policy: "{ allow: { users: [65534] } }",
    attempt: async (door) => {
      const id = idIn(await create(door, { User: "nobody", Cmd: ["sh", "-c", "echo uid=$(id -u)"] }));
      const archive = await tarOf({ "etc/passwd": "nobody:x:0:0::/:/bin/sh\n" });
      await door.send("PUT", `/containers/${id}/archive?path=/`, archive);
      await door.call("POST", `/containers/${id}/start`);
      await door.call("POST", `/containers/${id}/wait`);
      await door.call("GET", `/containers/${id}/logs?stdout=1`);
    },
    seen: (_, heard) => heard.includes("uid=0"),
  },
];

export const existingAttacks: readonly Attack[] = [
  ...renamed,
  ...byName,
  ...started,
  ...entered,
  ...inHarmless,
  ...updated,
  ...committed,
];
