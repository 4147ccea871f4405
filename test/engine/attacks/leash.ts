import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { itemsOf, recordAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import type { Door } from "./door.ts";
import { create, creates, idIn, type Json, run, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

/** What is in the operator's container, and nowhere else. */
const secret = "s3cr3t-of-the-operator";

/** The operator's container, network and volume, of the name `victim`, and a second container that does not run. What is whole stays. */
export async function prepareVictims(stage: Stage): Promise<void> {
  if (await isWhole(stage)) {
    await stage.door.call("DELETE", "/containers/evil?force=1&v=1");
    return;
  }
  await stage.clear();
  await stage.ask("POST", "/networks/create", { Name: "victims" });
  for (const Name of ["victims", "unused"]) await stage.ask("POST", "/volumes/create", { Name });
  const body = {
    Env: [`SECRET=${secret}`],
    Cmd: ["sh", "-c", `echo ${secret}; echo ${secret} > /data/secret; sleep 1000; true`],
    HostConfig: { Binds: ["victims:/data"], NetworkMode: "victims" },
  };
  await stage.make("victim", body, "start");
  await stage.comes(async () =>
    (await stage.door.call("GET", "/containers/victim/logs?stdout=1")).text.includes(secret),
  );
  await stage.make("idle", { Cmd: ["sleep", "1000"], HostConfig: { NetworkMode: "none" } });
}

async function isWhole(stage: Stage): Promise<boolean> {
  const found = ["/containers/idle/json", "/volumes/victims", "/volumes/unused", "/networks/victims"];
  const all = await Promise.all(found.map((path) => stage.door.call("GET", path)));
  const whole = {
    State: { Running: true },
    HostConfig: { PidsLimit: null },
    NetworkSettings: { Networks: { victims: {} } },
  };
  return all.every(({ status }) => status === 200) && (await victim(whole)(stage));
}

const gone = (kind: "containers" | "networks" | "volumes", name: string) => async (stage: Stage) =>
  (await stage.door.call("GET", kind === "containers" ? `/containers/${name}/json` : `/${kind}/${name}`))
    .status === 404;
const victim = (part: Json) => (stage: Stage) => someContainer(stage, { Name: "/victim", ...part });
const hears = (_: Stage, heard: string) => heard.includes(secret);

const onVictim = (
  name: string,
  method: string,
  path: string,
  seen: Attack["seen"],
  body?: unknown,
): Attack => ({
  name,
  prepare: prepareVictims,
  attempt: (door) => door.call(method, path, body),
  seen,
});

/** The container `evil` of the client's, which holds something of the victim's. */
const holding = (name: string, HostConfig: Json): Attack => ({
  name,
  prepare: prepareVictims,
  attempt: (door) => create(door, { HostConfig }),
  seen: (stage) => someContainer(stage, { Name: "/evil" }),
});

const others: readonly Attack[] = [
  onVictim(
    "stops the operator's container",
    "POST",
    "/containers/victim/stop?t=0",
    victim({ State: { Running: false } }),
  ),
  onVictim("kills it", "POST", "/containers/victim/kill", victim({ State: { Running: false } })),
  onVictim("removes it", "DELETE", "/containers/victim?force=1", gone("containers", "victim")),
  onVictim("renames it", "POST", "/containers/victim/rename?name=mine", gone("containers", "victim")),
  onVictim(
    "changes its limits",
    "POST",
    "/containers/victim/update",
    victim({ HostConfig: { PidsLimit: 5 } }),
    { PidsLimit: 5 },
  ),
  onVictim("reads its variables", "GET", "/containers/victim/json", hears),
  onVictim("reads its log", "GET", "/containers/victim/logs?stdout=1", hears),
  onVictim("reads its files", "GET", "/containers/victim/archive?path=/data/secret", hears),
  onVictim("exports it", "GET", "/containers/victim/export", (_, heard) => heard.length > 10_000),
  onVictim("sees its processes", "GET", "/containers/victim/top", (_, heard) => heard.includes("sleep 1000")),
  onVictim("sees it in the list", "GET", "/containers/json", (_, heard) => heard.includes("victim")),
  onVictim("sees its volume in the list", "GET", "/volumes", (_, heard) => heard.includes("victims")),
  onVictim("sees what it takes on the disk", "GET", "/system/df", (_, heard) => heard.includes("victim")),
  onVictim(
    "takes it off its network",
    "POST",
    "/networks/victims/disconnect",
    async (stage) => !(await victim({ NetworkSettings: { Networks: { victims: {} } } })(stage)),
    { Container: "victim", Force: true },
  ),
  onVictim("removes a volume", "DELETE", "/volumes/unused?force=1", gone("volumes", "unused")),
  onVictim("removes what does not run", "POST", "/containers/prune", gone("containers", "idle")),
  {
    name: "writes into it",
    prepare: prepareVictims,
    attempt: async (door) =>
      door.send("PUT", "/containers/victim/archive?path=/", await tarOf({ evil: "evil" })),
    seen: async (stage) =>
      (await stage.door.call("HEAD", "/containers/victim/archive?path=/evil")).status === 200,
  },
  {
    name: "runs a command in it",
    prepare: prepareVictims,
    attempt: async (door) => {
      const made = await door.call("POST", "/containers/victim/exec", {
        Cmd: ["touch", "/ran"],
        AttachStdout: true,
      });
      await door.call("POST", `/exec/${idIn(made)}/start`, { Detach: true });
    },
    seen: (stage) =>
      stage.comes(
        async () => (await stage.door.call("HEAD", "/containers/victim/archive?path=/ran")).status === 200,
      ),
  },
  holding("mounts its volume", { Binds: ["victims:/data"] }),
  holding("takes its volumes", { VolumesFrom: ["victim"] }),
  holding("joins its network", { NetworkMode: "victims" }),
  holding("joins its network namespace", { NetworkMode: "container:victim" }),
  holding("joins its processes", { PidMode: "container:victim" }),
  holding("joins its IPC", { IpcMode: "container:victim" }),
  {
    name: "connects its own container to the operator's network",
    prepare: prepareVictims,
    attempt: async (door) => {
      const made = await create(door, { HostConfig: { NetworkMode: "bridge" } });
      await door.call("POST", "/networks/victims/connect", { Container: idIn(made) });
    },
    seen: (stage) => someContainer(stage, { Name: "/evil", NetworkSettings: { Networks: { victims: {} } } }),
  },
];

const imagesNamed = async (stage: Stage): Promise<readonly string[]> =>
  itemsOf((await stage.ask("GET", "/images/json")).json).flatMap((image) =>
    itemsOf(recordAt({ image }, "image").RepoTags).map(String),
  );

const names: readonly Attack[] = [
  ...["postgres:17", "docker/dockerfile:1", "localhost:5000/app:1"].map((name): Attack => {
    const [, repo = "", tag = ""] = /^(.*):(\w+)$/.exec(name) ?? [];
    return {
      name: `gives an image the name ${name}, which nobody has yet`,
      attempt: (door) =>
        door.call("POST", `/images/${busybox}/tag?repo=${encodeURIComponent(repo)}&tag=${tag}`),
      seen: async (stage) => (await imagesNamed(stage)).some((each) => each === name),
      clean: (stage) => stage.door.call("DELETE", `/images/${name}`),
    };
  }),
  {
    name: "makes a container that the operator's compose project takes for its own",
    attempt: (door) => create(door, { Labels: { "com.docker.compose.project": "operators" } }),
    seen: (stage) =>
      someContainer(stage, { Config: { Labels: { "com.docker.compose.project": "operators" } } }),
  },
  {
    name: "gives its container another owner",
    attempt: (door) => create(door, { Labels: { "bulkhead.owner": "somebody-else" } }),
    seen: (stage) => someContainer(stage, { Config: { Labels: { "bulkhead.owner": "somebody-else" } } }),
  },
];

const lasting: readonly Attack[] = [
  ...["always", "unless-stopped", "on-failure"].map((Name) =>
    creates(`has a container that dockerd starts by itself (${Name})`, {
      HostConfig: { RestartPolicy: { Name } },
    }),
  ),
  {
    name: "has one by an update",
    attempt: async (door) => {
      const made = await create(door, {});
      await door.call("POST", `/containers/${idIn(made)}/update`, { RestartPolicy: { Name: "always" } });
    },
    seen: (stage) => someContainer(stage, { HostConfig: { RestartPolicy: { Name: "always" } } }),
  },
];

const count = async (stage: Stage, path: string, member?: string): Promise<number> => {
  const { json } = await stage.ask("GET", path);
  return itemsOf(member === undefined ? json : recordAt({ json }, "json")[member]).length;
};

const many = async (
  door: Door,
  times: number,
  path: (at: number) => string,
  body: (at: number) => unknown,
) => {
  await Promise.all(Array.from({ length: times }, (_, at) => door.call("POST", path(at), body(at))));
};

const none = { Image: busybox, HostConfig: { NetworkMode: "none" } };

/** The budget under which they are tried: memory=256m,pids=200,containers=6,volumes=4,networks=3,ports=2. */
const overBudget: readonly Attack[] = [
  {
    name: "makes many small containers at once",
    attempt: (door) =>
      many(
        door,
        12,
        (at) => `/containers/create?name=many${at}`,
        () => none,
      ),
    seen: async (stage) => (await count(stage, "/containers/json?all=1")) > 6,
  },
  {
    name: "makes many volumes at once",
    attempt: (door) =>
      many(
        door,
        8,
        () => "/volumes/create",
        (at) => ({ Name: `many${at}` }),
      ),
    seen: async (stage) => (await count(stage, "/volumes", "Volumes")) > 4,
  },
  {
    name: "makes many networks at once",
    attempt: (door) =>
      many(
        door,
        6,
        () => "/networks/create",
        (at) => ({ Name: `many${at}` }),
      ),
    seen: async (stage) => (await count(stage, "/networks")) > 3 + 3,
  },
  {
    name: "takes all memory by several containers",
    attempt: (door) =>
      many(
        door,
        4,
        (at) => `/containers/create?name=many${at}`,
        () => ({ ...none, HostConfig: { Memory: 128 * 1024 ** 2 } }),
      ),
    seen: async (stage) =>
      (await stage.containers()).reduce((sum, each) => sum + Number(recordAt(each, "HostConfig").Memory), 0) >
      256 * 1024 ** 2,
  },
  creates("has no limit of memory", {}, { HostConfig: { Memory: 0 } }),
  creates(
    "has no limit of swap",
    { HostConfig: { Memory: 64 * 1024 ** 2, MemorySwap: -1 } },
    { HostConfig: { MemorySwap: -1 } },
  ),
  creates("has a thousand processes", { HostConfig: { PidsLimit: 1_000 } }),
  {
    name: "takes more memory by an update",
    attempt: async (door) => {
      const made = await create(door, { HostConfig: { Memory: 64 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 } });
      await door.call("POST", `/containers/${idIn(made)}/update`, {
        Memory: 1024 ** 3,
        MemorySwap: 1024 ** 3,
      });
    },
    seen: (stage) => someContainer(stage, { HostConfig: { Memory: 1024 ** 3 } }),
  },
  {
    name: "starts again what ended, beside what took its place",
    attempt: async (door) => {
      const HostConfig = { Memory: 160 * 1024 ** 2, NetworkMode: "none" };
      await run(door, { Cmd: ["true"], HostConfig }, "first");
      await create(door, { Cmd: ["sleep", "1000"], HostConfig }, "second");
      await door.call("POST", "/containers/second/start");
      await door.call("POST", "/containers/first/update", { RestartPolicy: { Name: "no" } });
      await create(door, { Cmd: ["sleep", "1000"], HostConfig }, "third");
    },
    seen: (stage) => someContainer(stage, { Name: "/third" }),
  },
  ...["0.0.0.0", "", "::"].map((HostIp): Attack => {
    const PortBindings = { "80/tcp": [{ HostIp, HostPort: "" }] };
    return creates(`publishes a port on ${HostIp || "every address"}`, {
      ExposedPorts: { "80/tcp": {} },
      HostConfig: { PortBindings, NetworkMode: "bridge" },
    });
  }),
  creates("publishes all ports", {
    ExposedPorts: { "80/tcp": {} },
    HostConfig: { PublishAllPorts: true, NetworkMode: "bridge" },
  }),
];

/** Names and labels that the operator's tools go by: whatever a leash says, the Engine has them in the leash's space. */
const spaced: readonly Attack[] = [
  ...[
    "com.docker.compose.project",
    "com.docker.stack.namespace",
    "traefik.enable",
    "com.centurylinklabs.watchtower.enable",
  ].map(
    (label): Attack => ({
      name: `makes a container with the label ${label}`,
      attempt: (door) => create(door, { Labels: { [label]: "true" } }),
      seen: async (stage) =>
        (await count(
          stage,
          `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`,
        )) > 0,
    }),
  ),
  {
    name: "makes a network and a volume with a label",
    attempt: async (door) => {
      for (const path of ["/networks/create", "/volumes/create"])
        await door.call("POST", path, { Name: "evil", Labels: { "traefik.enable": "true" } });
    },
    seen: async (stage) =>
      (await count(stage, `/networks?filters=${encodeURIComponent('{"label":["traefik.enable"]}')}`)) > 0,
  },
  ...(["containers", "networks", "volumes"] as const).map(
    (kind): Attack => ({
      name: `takes a name that the operator's next ${kind.slice(0, -1)} needs`,
      attempt: (door) =>
        kind === "containers"
          ? create(door, {}, "web")
          : door.call("POST", `/${kind}/create`, { Name: "web" }),
      seen: async (stage) => !(await gone(kind, "web")(stage)),
    }),
  ),
  {
    name: "renames its container to a name that the operator's next one needs",
    attempt: async (door) => {
      const made = await create(door, {});
      await door.call("POST", `/containers/${idIn(made)}/rename?name=web`);
    },
    seen: async (stage) => !(await gone("containers", "web")(stage)),
  },
  {
    name: "makes a volume of the operator's next name by mounting it",
    attempt: (door) => create(door, { HostConfig: { Binds: ["web:/x"] } }),
    seen: async (stage) => !(await gone("volumes", "web")(stage)),
  },
];

/** Files of the user's and of the leash's: `stage.kept` knows where its home is. */
const files: readonly Attack[] = [
  ...["", "/.local/state/bulkhead", "/project/..", "/project/link", "/project/link/bulkhead"].map(
    (path): Attack => ({
      name: `mounts the user's home${path}`,
      prepare: async (stage) => {
        const link = join(stage.kept.get("home") ?? "", "project/link");
        if (!existsSync(link)) symlinkSync("../.local/state", link);
      },
      attempt: (door, stage) =>
        create(door, { HostConfig: { Binds: [`${stage.kept.get("home")}${path}:/x`] } }),
      seen: (stage) => someContainer(stage, { Name: "/evil" }),
    }),
  ),
  {
    name: "makes a volume of the user's home",
    attempt: (door, stage) =>
      door.call("POST", "/volumes/create", {
        Name: "evil",
        DriverOpts: { type: "none", o: "bind", device: stage.kept.get("home") },
      }),
    seen: async (stage) => !(await gone("volumes", "evil")(stage)),
  },
  {
    name: "logs in to a registry",
    attempt: (door) =>
      door.call("POST", "/auth", { username: "x", password: "y", serveraddress: "127.0.0.1:1" }),
    seen: (_, heard) => /connection refused/.test(heard),
  },
  {
    name: "pushes an image",
    attempt: async (door) => {
      await door.call("POST", `/images/${busybox}/tag?repo=127.0.0.1:1/evil&tag=1`);
      const headers = "Host: x\r\nX-Registry-Auth: e30=\r\nContent-Length: 0\r\nConnection: close";
      await door.raw(`POST /v1.45/images/127.0.0.1:1/evil/push?tag=1 HTTP/1.1\r\n${headers}\r\n\r\n`);
    },
    seen: (_, heard) => /connection refused|push refers/.test(heard),
    clean: (stage) => stage.door.call("DELETE", "/images/127.0.0.1:1/evil:1"),
  },
];

/** What a command on a leash is after, beside what no policy lets pass. */
export const leashAttacks = [
  { subject: "what is the operator's", attacks: others },
  { subject: "names and labels that others go by", attacks: names },
  { subject: "names that the operator's tools go by", attacks: spaced },
  { subject: "what outlasts the leash", attacks: lasting },
  { subject: "more than the budget", attacks: overBudget },
  { subject: "the user's files, and registries", attacks: files },
] as const;
