import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import Docker from "dockerode";
import { busybox } from "../engine/images.ts";
import { type Outcome, outcomes } from "./steps.ts";

/** What came of each call that dockerode has. */
export async function everything(socketPath: string): Promise<Readonly<Record<string, Outcome>>> {
  const docker = new Docker({ socketPath });
  const safe = {
    PidsLimit: 100,
    SecurityOpt: ["no-new-privileges"],
    CgroupnsMode: "private" as const,
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
  };
  const make = (name: string, more: Docker.ContainerCreateOptions = {}) =>
    docker.createContainer({
      name,
      Image: busybox,
      Cmd: ["sh", "-c", "echo said; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"],
      NetworkDisabled: false,
      ...more,
      HostConfig: { ...safe, ...more.HostConfig },
    });
  const main = docker.getContainer("main");
  const since = Math.floor(Date.now() / 1_000) - 1;
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-dockerode-"));
  const put = join(folder, "put.tar");
  writeFileSync(put, tarOf("file", "content\n"));
  const image = docker.getImage(busybox);
  const exec = async (options: Docker.ExecCreateOptions = {}) =>
    main.exec({ Cmd: ["echo", "within"], AttachStdout: true, AttachStderr: true, ...options });
  let running: Docker.Exec | undefined;
  const versionOf = async (object: { inspect(): Promise<unknown> }) =>
    ((await object.inspect()) as { Version: { Index: number } }).Version.Index;
  const all = await outcomes({
    ping: async () => String(await docker.ping()),
    version: () => docker.version(),
    info: async () => Object.keys(await docker.info()),
    df: async () => Object.keys(await docker.df()),
    "create of an image that is not there": () => docker.createContainer({ Image: "nowhere:1" }),
    create: async () => (await make("main", { HostConfig: { Binds: ["data:/data"] } })).id,
    "create twice": () => make("main"),
    inspect: async () => main.inspect({ size: true } as never),
    start: () => main.start(),
    "start again": () => main.start(),
    list: () => docker.listContainers({ all: true, size: true, filters: { name: ["main"] } }),
    "list with filters as text": () => docker.listContainers({ filters: '{"name":["main"]}' }),
    top: async () => (await main.top({ ps_args: "-o pid,comm" })).Titles,
    changes: async () => ((await main.changes()) as { Path: string }[]).map(({ Path }) => Path).sort(),
    logs: async () => String(await main.logs({ stdout: true, stderr: true, tail: 5, timestamps: false })),
    "logs of an hour ago": async () => String(await main.logs({ stdout: true, until: 1 })),
    "logs of neither": () => main.logs({}),
    stats: async () => Object.keys(await main.stats({ stream: false, "one-shot": true })),
    "exec create": async () => {
      running = await exec({ Env: ["A=b"], WorkingDir: "/" });
    },
    "exec start": async () => (await buffer(await (running as Docker.Exec).start({}))).toString("latin1"),
    "exec inspect": () => (running as Docker.Exec).inspect(),
    "exec again": () => (running as Docker.Exec).start({}),
    "exec detached": async () => text(await (await exec()).start({ Detach: true })),
    "exec on a terminal": async () => {
      const own = await exec({ Cmd: ["sh", "-c", "read a; echo got $a"], Tty: true, AttachStdin: true });
      const stream = await own.start({ hijack: true, stdin: true, Tty: true });
      await own.resize({ h: 30, w: 100 });
      stream.write("it\n");
      return text(stream);
    },
    "exec of a program that is not there": async () =>
      (await buffer(await (await exec({ Cmd: ["nonesuch"] })).start({}))).toString("latin1"),
    attach: async () => {
      const own = await make("attached", {
        Cmd: ["cat"],
        OpenStdin: true,
        StdinOnce: true,
        HostConfig: { AutoRemove: true },
      });
      const stream = await own.attach({ stream: true, stdin: true, stdout: true, hijack: true });
      await own.start();
      stream.end("in and out\n");
      return (await buffer(stream)).toString("latin1");
    },
    "wait for its removal": () =>
      docker
        .getContainer("attached")
        .wait({ condition: "removed" })
        // The Engine removes it by itself: before this call, or in the course of it.
        .then(
          () => 404,
          (error: { statusCode: number }) => error.statusCode,
        )
        .then((status) => (status === 404 ? "it is gone" : String(status))),
    run: async () => {
      const lines: Buffer[] = [];
      const taken = new PassThrough().on("data", (each) => lines.push(each));
      const options = { HostConfig: { ...safe, AutoRemove: true } };
      const [output] = await docker.run(busybox, ["echo", "run"], taken, options);
      return [output, Buffer.concat(lines).toString()];
    },
    resize: () => main.resize({ h: 24, w: 80 }),
    rename: () => main.rename({ name: "renamed" }),
    "rename back": () => docker.getContainer("renamed").rename({ name: "main" }),
    update: () => main.update({ Memory: 256 * 1024 ** 2, MemorySwap: 512 * 1024 ** 2, CpuShares: 512 }),
    updated: async () => {
      const { HostConfig } = await main.inspect();
      return [String(HostConfig.Memory), String(HostConfig.MemorySwap), String(HostConfig.CpuShares)];
    },
    pause: () => main.pause(),
    "pause again": () => main.pause(),
    unpause: () => main.unpause(),
    kill: () => main.kill({ signal: "SIGWINCH" }),
    restart: () => main.restart({ t: 1 }),
    "archive put": async () => text((await main.putArchive(put, { path: "/tmp" })) as never),
    "archive info": async () => {
      const head = (await main.infoArchive({ path: "/tmp/file" })) as { headers?: Record<string, string> };
      const stat = String(head.headers?.["x-docker-container-path-stat"] ?? "");
      return Object.keys(JSON.parse(Buffer.from(stat, "base64").toString() || "{}"));
    },
    "archive get": async () => (await text(await main.getArchive({ path: "/tmp/file" }))).includes("content"),
    // The Engine repeats the name that it is asked for, which is the full one behind the guard.
    "archive of nothing": async () =>
      docker.getContainer((await main.inspect()).Id).getArchive({ path: "/nonesuch" }),
    export: async () => (await buffer(await main.export())).length > 1_000_000,
    commit: () => main.commit({ repo: "committed", tag: "1", comment: "c", author: "a", pause: true }),
    "commit with changes": () =>
      main.commit({ repo: "committed", tag: "2", changes: ["ENV A=b", "CMD x"] as never }),
    "image inspect": () => docker.getImage("committed:1").inspect(),
    "image history": () => image.history(),
    "image tag": () => image.tag({ repo: "tagged", tag: "1" }),
    images: async () =>
      (await docker.listImages({ all: true, digests: true })).flatMap(({ RepoTags }) => RepoTags).sort(),
    "images by filter": () => docker.listImages({ filters: { reference: ["tagged"] } }),
    "image save": async () => (await buffer(await image.get())).length > 1_000_000,
    "images save": async () => {
      const saved = await (
        docker as never as { getImages(o: object): Promise<NodeJS.ReadableStream> }
      ).getImages({
        names: [busybox, "tagged:1"],
      });
      return (await buffer(saved)).length > 1_000_000;
    },
    "image load": async () => {
      const saved = await buffer(await docker.getImage("committed:1").get());
      return text(await docker.loadImage(Readable.from([saved]) as never, { quiet: true }));
    },
    "image import": async () =>
      text(
        (await docker.importImage(
          Readable.from([tarOf("a", "b")]) as never,
          { repo: "imported", tag: "1" } as never,
        )) as never,
      ),
    "image build": async () => {
      const context = tarOf("Dockerfile", `FROM ${busybox}\nARG A\nLABEL a=$A\n`);
      const built = await docker.buildImage(Readable.from([context]) as never, {
        t: "built:1",
        buildargs: { A: "b" },
        labels: { c: "d" },
        nocache: true,
      });
      await text(built);
      return (await docker.getImage("built:1").inspect()).Config.Labels;
    },
    "image pull": async () =>
      text(await docker.pull("127.0.0.1:1/nonesuch:1")).then((said) => said.length > 0),
    "image remove": () => docker.getImage("tagged:1").remove({ force: false, noprune: false }),
    "image remove of nothing": () => docker.getImage("nonesuch:1").remove(),
    "image push": async () => {
      await image.tag({ repo: "127.0.0.1:1/pushed", tag: "1" });
      const pushed = await docker
        .getImage("127.0.0.1:1/pushed:1")
        .push({ authconfig: { username: "a", password: "b" } as never });
      return (await text(pushed)).includes("error");
    },
    "volume create": () =>
      docker.createVolume({ Name: "own", Driver: "local", Labels: { a: "b" }, DriverOpts: {} }),
    "volume inspect": () => docker.getVolume("own").inspect(),
    volumes: async () => (await docker.listVolumes({ filters: { name: ["own"] } as never })).Volumes,
    "volume in use": () => docker.getVolume("data").remove(),
    "volume remove": async () => docker.getVolume("own").remove({ force: true } as never),
    "network create": async () =>
      (
        await docker.createNetwork({
          Name: "own",
          Driver: "bridge",
          CheckDuplicate: true,
          Internal: true,
          Labels: { a: "b" },
          IPAM: { Config: [{ Subnet: "172.31.200.0/24" }] },
          Options: { "com.docker.network.bridge.enable_icc": "true" },
        })
      ).id,
    networks: () => docker.listNetworks({ filters: { name: ["own"] } as never }),
    "network connect": () =>
      docker.getNetwork("own").connect({
        Container: "main",
        EndpointConfig: { Aliases: ["alias"], IPAMConfig: { IPv4Address: "172.31.200.9" } },
      }),
    "network inspect": () => docker.getNetwork("own").inspect(),
    "network disconnect": () => docker.getNetwork("own").disconnect({ Container: "main", Force: true }),
    "network remove": () => docker.getNetwork("own").remove(),
    events: async () => {
      const stream = await docker.getEvents({
        since,
        until: Math.floor(Date.now() / 1_000) + 1,
        filters: { type: ["container"], event: ["rename", "update"] } as never,
      });
      return (await text(stream))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).Action);
    },
    "swarm inspect without a swarm": () => docker.swarmInspect(),
    "swarm init": () =>
      docker.swarmInit({ ListenAddr: "127.0.0.1:0", AdvertiseAddr: "127.0.0.1", ForceNewCluster: false }),
    swarm: () => docker.swarmInspect(),
    nodes: () => docker.listNodes(),
    "node update": async () => {
      const [own] = (await docker.listNodes()) as {
        ID: string;
        Version: { Index: number };
        Spec: object;
      }[];
      if (!own) throw new Error("no node");
      return docker
        .getNode(own.ID)
        .update({ version: own.Version.Index, ...own.Spec, Labels: { a: "b" } } as never);
    },
    secret: async () =>
      Object.keys(
        await docker.createSecret({
          Name: "s",
          Labels: { a: "b" },
          Data: Buffer.from("x").toString("base64"),
        } as never),
      ).length > 0,
    secrets: () => docker.listSecrets({ filters: { name: ["s"] } as never }),
    "secret update": async () => {
      const [own] = (await docker.listSecrets()) as { ID: string; Spec: object }[];
      const secret = docker.getSecret(own?.ID ?? "");
      return secret.update({ version: await versionOf(secret), ...own?.Spec, Labels: { c: "d" } } as never);
    },
    config: async () => {
      await docker.createConfig({ Name: "c", Data: Buffer.from("x").toString("base64") } as never);
      return docker.listConfigs();
    },
    service: async () => {
      await docker.createService({
        Name: "svc",
        TaskTemplate: { ContainerSpec: { Image: busybox, Command: ["sleep", "100"] } },
        Mode: { Replicated: { Replicas: 0 } },
      } as never);
      return docker.getService("svc").inspect();
    },
    services: () => docker.listServices({ filters: { name: ["svc"] } as never }),
    "service update": async () => {
      const own = docker.getService("svc");
      const { Spec } = (await own.inspect()) as { Spec: object };
      return own.update({ version: await versionOf(own), ...Spec, Labels: { a: "b" } } as never);
    },
    "service logs": async () => String(await docker.getService("svc").logs({ stdout: true } as never)),
    tasks: () => docker.listTasks({ filters: { service: ["svc"] } as never }),
    "service remove": () => docker.getService("svc").remove(),
    "config remove": async () => {
      const [own] = (await docker.listConfigs()) as { ID: string }[];
      return docker.getConfig(own?.ID ?? "").remove();
    },
    "secret remove": () => docker.getSecret("s").remove(),
    "swarm update": async () => {
      const own = (await docker.swarmInspect()) as { Version: { Index: number }; Spec: object };
      return docker.swarmUpdate({ version: own.Version.Index, ...own.Spec } as never);
    },
    "swarm leave": () => docker.swarmLeave({ force: true }),
    plugins: () => docker.listPlugins(),
    "checkpoint list": () => (main as never as { listCheckpoint(): Promise<unknown> }).listCheckpoint(),
    stop: () => main.stop({ t: 2 }),
    "stop again": () => main.stop({ t: 2 }),
    wait: () => main.wait({ condition: "not-running" }),
    "remove of nothing": () => docker.getContainer("nonesuch").remove(),
    remove: () => main.remove({ v: true, force: true, link: false }),
    "prune containers": async () => Object.keys((await docker.pruneContainers({ filters: {} })) ?? {}),
    "prune images": async () =>
      Object.keys((await docker.pruneImages({ filters: { dangling: ["true"] } as never })) ?? {}),
    "prune volumes": async () =>
      Object.keys((await docker.pruneVolumes({ filters: { all: ["1"] } as never })) ?? {}),
    "prune networks": async () => Object.keys((await docker.pruneNetworks()) ?? {}),
    "prune the build cache": async () =>
      Object.keys((await (docker as never as { pruneBuilder(): Promise<object> }).pruneBuilder()) ?? {}),
    "clean up": async () => {
      for (const name of ["committed:1", "committed:2", "built:1", "imported:1", "127.0.0.1:1/pushed:1"])
        await docker.getImage(name).remove({ force: true });
      return (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    },
  });
  rmSync(folder, { recursive: true, force: true });
  return all;
}

/** An archive of one file. */
function tarOf(name: string, content: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name);
  head.write("0000644\0", 100);
  head.write("0000000\0", 108);
  head.write("0000000\0", 116);
  head.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
  head.write("00000000000\0", 136);
  head.write("        ", 148);
  head.write("0", 156);
  head.write("ustar\u000000", 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  body.write(content);
  return Buffer.concat([head, body, Buffer.alloc(1024)]);
}
