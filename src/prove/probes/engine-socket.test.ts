import { expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { Before, Facts, ProbeTarget } from "../probe.ts";
import {
  type Asked,
  dirents,
  type Entries,
  errno,
  type FakeKernel,
  fakeTarget,
  plainFacts,
  usualMounts,
} from "../testing/fake-kernel.ts";
import { engineSocket } from "./engine-socket.ts";

const pong = "HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\n\r\nOK";

interface World {
  /** Sockets by path, an abstract one by `@` and its name: what they say, or the error of who connects. */
  readonly sockets?: Readonly<Record<string, string | number>>;
  /** Mounts at these points, with the files in each folder of them. */
  readonly folders?: Readonly<Record<string, Entries>>;
  /** Mount points that are a socket themselves. */
  readonly files?: readonly string[];
  /** Inodes of sockets, by path. */
  readonly inodes?: Readonly<Record<string, number>>;
}

function kernelOf({ sockets = {}, folders = {}, files = [], inodes = {} }: World): FakeKernel {
  const handles: string[] = [];
  const at = (handle: unknown) => handles[Number(handle) - 100] ?? "";
  const points = [...Object.keys(folders), ...files].map(
    (point, index) => `${9 + index} 1 8:2 / ${point} rw - ext4 /dev/sdb rw\n`,
  );
  const abstract = Object.keys(sockets).filter((path) => path.startsWith("@"));
  return {
    files: {
      "/proc/self/mountinfo": `${usualMounts["/proc/self/mountinfo"]}${points.join("")}`,
      "/proc/net/unix": `Num RefCount Protocol Flags Type St Inode Path\n${abstract.map((name) => `0: 2 0 00010000 0001 01 7 ${name}\n`).join("")}`,
    },
    answer({ name, given, text }: Asked) {
      if (name === "openat" && folders[text(1)]) return 99 + handles.push(text(1));
      if (name === "socket") return 99 + handles.push("");
      if (name === "connect" && Buffer.isBuffer(given[1])) {
        const address = given[1].toString("latin1", 2, Number(given[2]));
        const path = address.startsWith("\0") ? `@${address.slice(1)}` : address.replace(/\0.*$/, "");
        handles[Number(given[0]) - 100] = path;
        const met = sockets[path];
        return met === undefined ? errno.ENOENT : typeof met === "number" ? met : 0;
      }
      if (name === "getdents64" && Buffer.isBuffer(given[1]))
        return dirents(folders[at(given[0])] ?? {}).copy(given[1]);
      if (name === "statx" && Buffer.isBuffer(given[4])) {
        const isSocket = sockets[text(1)] !== undefined;
        given[4].writeUInt16LE(isSocket ? 0o140755 : 0o040755, 28);
        given[4].writeBigUInt64LE(BigInt(inodes[text(1)] ?? 1), 32);
        return 0;
      }
      if (name !== "read" || Number(given[0]) < 100 || !Buffer.isBuffer(given[1])) return undefined;
      const said = sockets[at(given[0])];
      return typeof said === "string" ? given[1].write(said, "latin1") : 0;
    },
  };
}

async function proved(
  world: World,
  more: Partial<Facts> = {},
  target: Partial<ProbeTarget> = {},
): Promise<Before> {
  const facts = { ...plainFacts, ...more };
  const there = kernelOf({ sockets: { "/.bulkhead-prove/docker.sock": pong } });
  const everything: FakeKernel = {
    ...there,
    answer: (asked) => (asked.name === "connect" ? 0 : there.answer?.(asked)),
  };
  const looser = async () => ok(fakeTarget(everything, { role: "looser", facts }));
  return (await engineSocket.prove(fakeTarget(kernelOf(world), { facts, ...target }), looser)).judgement;
}

test("is held where there is none", async () => {
  const judgement = await proved({
    folders: { "/data": { app: "folder" }, "/data/app": { "own.sock": "socket" } },
  });
  expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
});

test.each([
  ["at its usual path", { sockets: { "/var/run/docker.sock": pong } }, "/var/run/docker.sock"],
  [
    "by its name, in a folder of a mount",
    {
      sockets: { "/data/a/docker.sock": "" },
      folders: { "/data": { a: "folder" }, "/data/a": { "docker.sock": "socket" } },
    },
    "/data/a/docker.sock",
  ],
  [
    "by its answer, whatever it is called",
    {
      sockets: { "/data/app.sock": pong },
      folders: { "/data": { "app.sock": "socket" } },
    },
    "/data/app.sock",
  ],
  [
    "that is mounted alone",
    { sockets: { "/run/app.sock": pong }, files: ["/run/app.sock"] },
    "/run/app.sock",
  ],
  ["by its answer at an abstract address", { sockets: { "@proxy": pong } }, "@proxy"],
  [
    "by the name of an abstract address",
    { sockets: { "@/containerd-shim/1.sock": "" } },
    "@/containerd-shim/1.sock",
  ],
] as const)("is not held where one is reached %s", async (_, world, path) => {
  const judgement = await proved(world as World);
  expect(judgement, judgement.evidence).toMatchObject({ outcome: "notHeld" });
  expect(judgement.evidence).toContain(`connect(${path})`);
});

test("is not held where a socket is the Engine's by device and inode", async () => {
  const world: World = {
    sockets: { "/data/x": "" },
    folders: { "/data": { x: "socket" } },
    inodes: { "/data/x": 77 },
  };
  const sockets = [{ path: "/run/docker.sock", identity: "0:77" }];
  expect(await proved(world, { sockets })).toMatchObject({ outcome: "notHeld" });
  expect(await proved(world, { sockets: [{ path: "/run/docker.sock", identity: "0:78" }] })).toMatchObject({
    outcome: "held",
  });
});

test("is not held where a mount leads to a socket of the host", async () => {
  const binds = [
    [mount({ type: "bind", source: "/run", hostPath: "/run", target: "/host-run" }), "/host-run/docker.sock"],
    [mount({ type: "bind", source: "/", hostPath: "/", target: "/host" }), "/host/run/docker.sock"],
    [mount({ type: "bind", source: "/run/docker.sock", hostPath: "/run/docker.sock", target: "/s" }), "/s"],
  ] as const;
  for (const [bind, path] of binds) {
    const view = container("configured", { mounts: [set(bind)] });
    const sockets = [{ path: "/run/docker.sock", identity: undefined }];
    const judgement = await proved({ sockets: { [path]: pong } }, { view, sockets });
    expect(judgement, `${path}: ${judgement.evidence}`).toMatchObject({ outcome: "notHeld" });
  }
});

test("permissions alone hold nothing: one at a known path is there, another is asked through a setuid program", async () => {
  const closed = await proved({ sockets: { "/var/run/docker.sock": errno.EACCES } });
  expect(closed).toMatchObject({ outcome: "notHeld" });
  expect(closed.evidence).toContain("permissions alone keep this user out");
  const world = (said: string | number): World => ({
    sockets: { "/data/app.sock": said },
    folders: { "/data": { "app.sock": "socket" } },
  });
  const through = (said: string | number) => fakeTarget(kernelOf(world(said))).run;
  const raised = await proved(world(errno.EACCES), {}, { throughSetuid: through(pong) });
  expect(raised, raised.evidence).toMatchObject({ outcome: "notHeld" });
  expect(await proved(world(errno.EACCES), {}, { throughSetuid: through("SSH-2.0") })).toMatchObject({
    outcome: "held",
  });
});

test("a server that is none, and a socket that nobody listens on, are no Engine", async () => {
  const folders = { "/data": { "app.sock": "socket", old: "socket" } } as const;
  const sockets = { "/data/app.sock": "SSH-2.0-x\r\n", "/data/old": errno.ECONNREFUSED, "@other": "hello" };
  expect(await proved({ sockets, folders })).toMatchObject({ outcome: "held" });
});

test("is not known where the mounts cannot be read", async () => {
  const { files: _, ...blind } = kernelOf({});
  const judgement = (await engineSocket.prove(fakeTarget(blind), async () => failed("no"))).judgement;
  expect(judgement).toMatchObject({ outcome: "inconclusive" });
});
