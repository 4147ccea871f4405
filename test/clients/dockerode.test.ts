import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import Docker from "dockerode";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { everything } from "./dockerode-api.ts";
import { bothWays, clientStage, openConfig } from "./stage.ts";
import { differing } from "./steps.ts";

describeWithEngine("dockerode", () => {
  const stage = clientStage(openConfig);

  it("gives the same answers as without the guard, to each call that it has", async () => {
    const { straight, guarded } = await bothWays(stage(), everything);
    expect(Object.keys(straight).length).toBeGreaterThan(90);
    expect(differing(straight, guarded)).toEqual({});
  }, 300_000);

  it("makes, starts, enters, reads and removes a container", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = new Docker({ socketPath });
      const container = await docker.createContainer({
        name: "dockerode",
        Image: busybox,
        Cmd: ["sh", "-c", "echo out; echo err >&2; exec sleep 100"],
        Env: ["GREETING=hi"],
        Labels: { made: "by dockerode" },
        HostConfig: { Memory: 64 * 1024 ** 2, RestartPolicy: { Name: "no" } },
      });
      try {
        await container.start();
        const exec = await container.exec({
          Cmd: ["sh", "-c", "echo $GREETING"],
          AttachStdout: true,
          Tty: true,
        });
        const said = await text(await exec.start({ hijack: true, stdin: false, Tty: true }));
        const left = await exec.inspect();
        const { Config, HostConfig, State } = await container.inspect();
        const listed = await docker.listContainers({ filters: { label: ["made"] } });
        const stats = await container.stats({ stream: false });
        await container.resize({ h: 20, w: 80 }).catch(() => undefined);
        await container.rename({ name: "renamed" });
        await container.pause();
        await container.unpause();
        const archive = await text(await container.getArchive({ path: "/etc/passwd" }));
        await container.restart({ t: 0 });
        await container.stop({ t: 0 });
        const ended = await container.wait();
        const logs = await container.logs({ stdout: true, stderr: false });
        return {
          said,
          left: left.ExitCode,
          image: Config.Image,
          env: Config.Env,
          memory: HostConfig.Memory,
          running: State.Running,
          listed: listed.map(({ Names, Labels }) => [Names, Labels]),
          hasStats: typeof stats.memory_stats === "object",
          passwd: archive.includes("root:x:0:0"),
          ended: ended.StatusCode,
          logs: demultiplex(logs),
        };
      } finally {
        await container.remove({ force: true, v: true });
      }
    });
    expect(straight).toMatchObject({ said: "hi\r\n", left: 0, memory: 64 * 1024 ** 2, logs: "out\nout\n" });
    expect(guarded).toEqual(straight);
  });

  it("attaches to a container, writes to it and hears its answer", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = new Docker({ socketPath });
      const container = await docker.createContainer({
        Image: busybox,
        Cmd: ["cat"],
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        AttachStdout: true,
      });
      try {
        const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
        await container.start();
        (stream as Duplex).end("through the guard");
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(Buffer.from(chunk));
        return { heard: demultiplex(Buffer.concat(chunks)), ended: (await container.wait()).StatusCode };
      } finally {
        await container.remove({ force: true });
      }
    });
    expect(straight).toEqual({ heard: "through the guard", ended: 0 });
    expect(guarded).toEqual(straight);
  });

  it("runs one, makes volumes and networks, tags, builds and watches events", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = new Docker({ socketPath });
      const since = Math.floor(Date.now() / 1_000) - 1;
      const volume = await docker.createVolume({ Name: "kept", Labels: { a: "b" } });
      const network = await docker.createNetwork({ Name: "joined", Driver: "bridge", CheckDuplicate: true });
      const container = await docker.createContainer({
        Image: busybox,
        Cmd: ["sleep", "100"],
        HostConfig: { Binds: ["kept:/kept"], NetworkMode: "joined" },
      });
      try {
        await container.start();
        await network.disconnect({ Container: container.id });
        await network.connect({ Container: container.id, EndpointConfig: { Aliases: ["other"] } });
        const image = docker.getImage(busybox);
        await image.tag({ repo: "tagged", tag: "1" });
        const images = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
        await docker.getImage("tagged:1").remove();
        const events = await docker.getEvents({ since, until: Math.floor(Date.now() / 1_000) + 1 });
        const kinds = (await text(events))
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line).Type);
        return {
          volume: (await volume.inspect()).Labels,
          network: (await network.inspect()).Name,
          networks: Object.keys((await container.inspect()).NetworkSettings.Networks),
          images: images.sort(),
          kinds: [...new Set(kinds)].sort(),
          version: (await docker.version()).ApiVersion,
          driver: (await docker.info()).Driver,
          ping: (await docker.ping()).toString(),
        };
      } finally {
        await container.remove({ force: true });
        await network.remove();
        await volume.remove();
      }
    });
    expect(straight).toMatchObject({ networks: ["joined"], images: [busybox, "tagged:1"], ping: "OK" });
    expect(guarded).toEqual(straight);
  });

  it("is denied what the policy denies, and told so", async () => {
    const docker = new Docker({ socketPath: stage().guard.socketPath });
    const made = docker.createContainer({ Image: busybox, HostConfig: { Privileged: true } });
    await expect(made).rejects.toThrow(/privileged/);
  });
});

/** The lines of a stream in which each piece has a head of eight bytes. */
function demultiplex(stream: Buffer): string {
  let out = "";
  for (let at = 0; at + 8 <= stream.length; at += 8 + stream.readUInt32BE(at + 4))
    out += stream.subarray(at + 8, at + 8 + stream.readUInt32BE(at + 4)).toString();
  return out;
}
