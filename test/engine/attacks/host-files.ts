import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { recordAt } from "../../../src/base/json.ts";
import type { Attack } from "./attack.ts";
import type { Door } from "./door.ts";
import { create, harmless, idIn, type Json, run, someContainer, volume } from "./make.ts";
import type { Stage } from "./stage.ts";

type OfStage<T> = T | ((stage: Stage) => T);

function on<T>(stage: Stage, value: OfStage<T>): T {
  return typeof value === "function" ? (value as (stage: Stage) => T)(stage) : value;
}

/** A container that has a folder of the host must not exist: seen by the source of one of its mounts. */
function mounts(
  name: string,
  hostConfig: OfStage<Json>,
  source: OfStage<string>,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    attempt: (door, stage) => create(door, { HostConfig: on(stage, hostConfig) }),
    seen: async (stage) => {
      const wanted = on(stage, source);
      const all = await stage.containers();
      return all.some(
        ({ Name, Mounts, HostConfig }) =>
          Name === "/evil" && JSON.stringify([Mounts, HostConfig]).includes(`"${wanted}"`),
      );
    },
    ...more,
  };
}

/** Its command writes into the host's folder through what it mounts at /x: `to` is the folder's path below. */
function writes(
  name: string,
  hostConfig: OfStage<Json>,
  to: (folder: string, stage: Stage) => string = (folder) => `/x${folder}`,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    attempt: (door, stage) =>
      run(door, {
        Cmd: ["sh", "-c", `echo evil > ${to(stage.folder, stage)}/written`],
        HostConfig: on(stage, hostConfig),
      }),
    seen: ({ folder }) => existsSync(join(folder, "written")),
    ...more,
  };
}

const bind = (source: string, options = "") => ({ Binds: [`${source}:/x${options}`] });

const bound: readonly Attack[] = [
  writes("the host's root", bind("/")),
  writes("the host's root, spelled otherwise", bind("//./")),
  writes("the host's root behind ..", bind("/etc/..")),
  writes("the host's root as a mount", { Mounts: [{ Type: "bind", Source: "/", Target: "/x" }] }),
  writes("the host's root as a mount without a recursion", {
    Mounts: [{ Type: "bind", Source: "/", Target: "/x", BindOptions: { NonRecursive: true } }],
  }),
  writes("the host's root behind a link", ({ folder }) => bind(`${folder}/link`), undefined, {
    prepare: async ({ folder }) => symlinkSync("/", `${folder}/link`),
  }),
  writes(
    "the host's root behind two links and a folder",
    ({ folder }) => bind(`${folder}/one/two`),
    undefined,
    {
      prepare: async ({ folder }) => {
        symlinkSync(".", `${folder}/one`);
        symlinkSync("../..", `${folder}/two`);
      },
    },
  ),
  mounts(
    "the host's /etc below a link",
    ({ folder }) => bind(`${folder}/link/etc`),
    ({ folder }) => `${folder}/link/etc`,
    {
      prepare: async ({ folder }) => symlinkSync("/", `${folder}/link`),
    },
  ),
  ...[
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/root",
    "/var/run",
    "/run",
    "/var",
    "/usr",
    "/lib",
    "/home",
    "/proc/1/root",
    "/proc/self/root",
    "/dev/pts",
    "/sys/fs/cgroup",
    "/proc/sysrq-trigger",
  ].map((path) => mounts(`the host's ${path}`, bind(path), path)),
  mounts("the host's /etc, read-only", bind("/etc", ":ro"), "/etc"),
  mounts(
    "the Engine's socket",
    ({ engine }) => bind(engine.socketPath),
    ({ engine }) => engine.socketPath,
  ),
  mounts(
    "the Engine's socket, read-only",
    ({ engine }) => bind(engine.socketPath, ":ro"),
    ({ engine }) => engine.socketPath,
  ),
  mounts(
    "the Engine's socket with its folder",
    ({ engine }) => bind(engine.folder),
    ({ engine }) => engine.folder,
  ),
  mounts(
    "the Engine's socket behind a link",
    ({ folder }) => bind(`${folder}/s`),
    ({ folder }) => `${folder}/s`,
    {
      prepare: async ({ engine, folder }) => symlinkSync(engine.socketPath, `${folder}/s`),
    },
  ),
  mounts(
    "the Engine's socket under another name",
    ({ folder }) => bind(`${folder}/innocent`),
    ({ folder }) => `${folder}/innocent`,
    {
      prepare: async ({ engine, folder }) => execFileSync("ln", [engine.socketPath, `${folder}/innocent`]),
    },
  ),
  mounts(
    "containerd's socket",
    ({ engine }) => bind(`${engine.folder}/exec/containerd/containerd.sock`),
    ({ engine }) => `${engine.folder}/exec/containerd/containerd.sock`,
  ),
  mounts(
    "the Engine's data",
    ({ engine }) => bind(`${engine.folder}/data`),
    ({ engine }) => `${engine.folder}/data`,
  ),
  {
    ...mounts("a folder of the host's shared with it", {}, ""),
    attempt: (door, { folder }) => create(door, { HostConfig: bind(folder, ":rshared") }),
    seen: (stage) => someContainer(stage, { HostConfig: {}, Mounts: [{ Propagation: "rshared" }] }),
    prepare: async ({ folder }) =>
      execFileSync("sh", ["-c", `mount --bind ${folder} ${folder} && mount --make-rshared ${folder}`]),
    clean: async ({ folder }) => execFileSync("umount", ["-l", folder]),
  },
];

/** Options of the local driver that mount(2) takes as root, and that make `/x` the host's root. */
const rootOptions: readonly (readonly [string, Json])[] = [
  ["a bind", { type: "none", o: "bind", device: "/" }],
  ["a bind of the type bind", { type: "bind", o: "bind", device: "/" }],
  ["a recursive bind", { type: "none", o: "rbind", device: "/" }],
  ["a bind among other words", { type: "none", o: "rw,rbind,relatime", device: "/" }],
  ["a bind that calls itself tmpfs", { type: "tmpfs", o: "bind", device: "/" }],
  ["a bind that calls itself ext4", { type: "ext4", o: "bind", device: "/" }],
  ["a bind spelled otherwise", { type: "none", o: "bind", device: "//" }],
  ["a bind behind ..", { type: "none", o: "bind", device: "/etc/.." }],
];

const overlay = ({ folder }: Stage): Json => ({
  type: "overlay",
  device: "overlay",
  o: `lowerdir=/etc,upperdir=${folder}/upper,workdir=${folder}/work`,
});

const makeVolume = (door: Door, options: Json) => door.call("POST", "/volumes/create", volume(options));

const useVolume = { Binds: ["evil:/x"] };
const inMount = (options: Json, source = "evil"): Json => ({
  Mounts: [
    {
      Type: "volume",
      Source: source,
      Target: "/x",
      VolumeOptions: { DriverConfig: { Name: "local", Options: options } },
    },
  ],
});

const inVolumes: readonly Attack[] = [
  ...rootOptions.map(([what, options]) =>
    writes(`${what}, as a volume that is made and then used`, useVolume, undefined, {
      attempt: async (door, stage) => {
        await makeVolume(door, options);
        await run(door, {
          Cmd: ["sh", "-c", `echo evil > /x${stage.folder}/written`],
          HostConfig: useVolume,
        });
      },
    }),
  ),
  ...rootOptions.map(([what, options]) => writes(`${what}, inline in a mount`, inMount(options))),
  writes("a bind inline in a mount without a name", inMount({ type: "none", o: "bind", device: "/" }, "")),
  writes("a bind inline without a driver's name", {
    Mounts: [
      {
        Type: "volume",
        Source: "evil",
        Target: "/x",
        VolumeOptions: { DriverConfig: { Options: { type: "none", o: "bind", device: "/" } } },
      },
    ],
  }),
  ...rootOptions.slice(0, 4).flatMap(([what, options]) => [
    writes(`${what}, in a volume that is there already`, useVolume, undefined, {
      prepare: (stage) => stage.ask("POST", "/volumes/create", volume(options)),
    }),
    writes(
      `${what}, in a volume that is there already, by Mounts`,
      { Mounts: [{ Type: "volume", Source: "evil", Target: "/x" }] },
      undefined,
      {
        prepare: (stage) => stage.ask("POST", "/volumes/create", volume(options)),
      },
    ),
  ]),
  writes(
    "a volume that is there, asked for with harmless options",
    inMount({ type: "tmpfs", device: "tmpfs", o: "size=1m" }),
    undefined,
    {
      prepare: (stage) =>
        stage.ask("POST", "/volumes/create", volume({ type: "none", o: "bind", device: "/" })),
    },
  ),
  writes(
    "a volume that binds a link to the root",
    inMount({ type: "none", o: "bind", device: "" }),
    undefined,
    {
      prepare: async ({ folder }) => symlinkSync("/", `${folder}/link`),
      attempt: async (door, { folder }) => {
        await makeVolume(door, { type: "none", o: "bind", device: `${folder}/link` });
        await run(door, { Cmd: ["sh", "-c", `echo evil > /x${folder}/written`], HostConfig: useVolume });
      },
    },
  ),
  {
    ...writes("a volume that binds a folder which becomes a link to the root afterwards", useVolume),
    prepare: async ({ folder }) => mkdirSync(`${folder}/place`),
    attempt: async (door, { folder }) => {
      await makeVolume(door, { type: "none", o: "bind", device: `${folder}/place` });
      execFileSync("rm", ["-r", `${folder}/place`]);
      symlinkSync("/", `${folder}/place`);
      await run(door, { Cmd: ["sh", "-c", `echo evil > /x${folder}/written`], HostConfig: useVolume });
    },
  },
  ...(["sysfs", "devtmpfs"] as const).map(
    (type): Attack => ({
      ...writes(`the host's ${type}, as a volume`, {}),
      attempt: async (door) => {
        await makeVolume(door, { type, device: type });
        await run(door, { Cmd: ["sh", "-c", "ls /x; cat /x/1/comm"], HostConfig: useVolume });
      },
      seen: (_, heard) => ({ sysfs: /firmware/, devtmpfs: /kmsg/ })[type].test(heard),
    }),
  ),
  {
    ...writes("an overlay over the host's /etc, as a volume", {}),
    prepare: async ({ folder }) => {
      for (const name of ["upper", "work"]) mkdirSync(`${folder}/${name}`);
    },
    attempt: async (door, stage) => {
      await makeVolume(door, overlay(stage));
      await run(door, { Cmd: ["sh", "-c", "cat /x/hostname /x/passwd"], HostConfig: useVolume });
    },
    seen: (_, heard) => heard.includes("nobody:x:"),
  },
  {
    ...writes("a disk, as a volume", {}),
    prepare: async ({ folder, kept }) => {
      execFileSync("sh", [
        "-c",
        `mkdir ${folder}/content && echo treasure > ${folder}/content/secret && truncate -s 8M ${folder}/disk && mkfs.ext4 -q -d ${folder}/content ${folder}/disk`,
      ]);
      kept.set(
        "loop",
        execFileSync("losetup", ["--show", "-f", `${folder}/disk`])
          .toString()
          .trim(),
      );
    },
    attempt: async (door, { kept }) => {
      await makeVolume(door, { type: "ext4", device: kept.get("loop") });
      await run(door, { Cmd: ["cat", "/x/secret"], HostConfig: useVolume });
    },
    seen: (_, heard) => heard.includes("treasure"),
    clean: async (stage) => {
      const loop = stage.kept.get("loop");
      await stage.clear();
      if (loop) execFileSync("losetup", ["-d", loop]);
    },
  },
  {
    ...writes("a share of the network, as a volume", {}),
    attempt: (door) => makeVolume(door, { type: "nfs", device: ":/export", o: "addr=127.0.0.1" }),
    seen: async (stage) => (await stage.ask("GET", "/volumes")).text.includes('"nfs"'),
  },
];

const other = (hostConfig: OfStage<Json>) => async (stage: Stage) => {
  await stage.make("other", { HostConfig: { ...harmless, ...on(stage, hostConfig) } });
};

const taken: readonly Attack[] = [
  writes("the mounts of a container that has the root", { VolumesFrom: ["other"] }, undefined, {
    prepare: other(bind("/")),
  }),
  writes("the mounts of a container that has the root, by the beginning of its id", {}, undefined, {
    prepare: other(bind("/")),
    attempt: async (door, stage) => {
      const id = String((await stage.containers())[0]?.Id);
      await run(door, {
        Cmd: ["sh", "-c", `echo evil > /x${stage.folder}/written`],
        HostConfig: { VolumesFrom: [`${id.slice(0, 6)}:rw`] },
      });
    },
  }),
  writes(
    "the mounts of one that took them from one that has the root",
    { VolumesFrom: ["between"] },
    undefined,
    {
      prepare: async (stage) => {
        await other(bind("/"))(stage);
        await stage.make("between", { HostConfig: { ...harmless, VolumesFrom: ["other"] } });
      },
    },
  ),
  writes("the mounts of a container whose volume is the root", { VolumesFrom: ["other"] }, undefined, {
    prepare: async (stage) => {
      await stage.ask("POST", "/volumes/create", volume({ type: "none", o: "bind", device: "/" }));
      await other(useVolume)(stage);
    },
  }),
  mounts(
    "the mounts of a container that has the Engine's socket",
    { VolumesFrom: ["other:ro"] },
    ({ engine }) => engine.socketPath,
    {
      prepare: other(({ engine }) => bind(engine.socketPath)),
    },
  ),
  writes("the mounts of a container whose link leads to the root", { VolumesFrom: ["other"] }, undefined, {
    prepare: async (stage) => {
      symlinkSync("/", `${stage.folder}/link`);
      await other(({ folder }) => bind(`${folder}/link`))(stage);
    },
  }),
];

/** A policy that names folders opens those, and what lies beside them stays shut. */
const listed = "{ allow: { mounts: [/tmp/allowed-by-nobody/**] } }";
const offTheList: readonly Attack[] = [
  writes(
    "a folder that is not on the list",
    ({ folder }) => bind(folder),
    () => "/x",
    { policy: listed },
  ),
  writes(
    "a folder off the list, behind .. from one that is on it",
    ({ folder }) => bind(`/tmp/allowed-by-nobody/../${folder.slice(5)}`),
    () => "/x",
    { policy: listed },
  ),
  writes("a folder off the list, as a volume", useVolume, () => "/x", {
    policy: listed,
    attempt: async (door, { folder }) => {
      await makeVolume(door, { type: "none", o: "bind", device: folder });
      await run(door, { Cmd: ["sh", "-c", "echo evil > /x/written"], HostConfig: useVolume });
    },
  }),
  writes("a folder off the list behind a link on it", bind("/tmp/allowed-by-nobody/link"), () => "/x", {
    policy: listed,
    prepare: async ({ folder }) => {
      mkdirSync("/tmp/allowed-by-nobody", { recursive: true });
      symlinkSync(folder, "/tmp/allowed-by-nobody/link");
    },
    clean: async () => execFileSync("rm", ["-rf", "/tmp/allowed-by-nobody"]),
  }),
];

/** Parents of what leads to root, and places that no table of dangerous ones can know. */
const parents: readonly Attack[] = [
  "/usr/local",
  "/var/spool",
  "/opt/cni/bin",
  "/home/somebody/.bashrc",
  "/root/.config",
  "/run/user/1000/bus",
  "/run/user/1000/systemd",
  "/run/libvirt/libvirt-sock",
  "/run/snapd.socket",
  "/var/lib/lxd/unix.socket",
].map((path) => ({
  ...mounts(`the host's ${path}`, { Mounts: [{ Type: "bind", Source: path, Target: "/x" }] }, path),
  prepare: async ({ kept }) => {
    if (existsSync(path)) return;
    kept.set("made", path.split("/").slice(0, 4).join("/"));
    execFileSync("mkdir", ["-p", path]);
  },
  clean: async ({ kept }) => {
    const made = kept.get("made");
    if (made) execFileSync("rm", ["-rf", made]);
  },
}));

const byDefault: readonly Attack[] = [
  writes(
    "a folder of the host that nobody allowed",
    ({ folder }) => bind(folder),
    () => "/x",
  ),
  writes(
    "a folder that nobody allowed, from a container that has it",
    { VolumesFrom: ["other"] },
    () => "/x",
    {
      prepare: other(({ folder }) => bind(folder)),
    },
  ),
  {
    ...writes("a folder that nobody allowed, by a command in a container that has it", {}, () => "/x"),
    prepare: (stage) =>
      stage.make(
        "other",
        { Cmd: ["sleep", "1000"], HostConfig: { ...harmless, ...bind(stage.folder) } },
        "start",
      ),
    attempt: async (door, stage) => {
      const made = await door.call("POST", "/containers/other/exec", { Cmd: ["touch", "/x/written"] });
      const started = await door.call("POST", `/exec/${idIn(made)}/start`, { Detach: false });
      if (started.status >= 400) return;
      // The answer begins before the command has run.
      const hasEnded = async () => {
        const { json } = await stage.ask("GET", `/exec/${idIn(made)}/json`);
        return recordAt({ json }, "json").ExitCode !== null;
      };
      await stage.comes(hasEnded);
    },
  },
  writes("a folder that nobody allowed, in a volume that binds it", useVolume, () => "/x", {
    prepare: (stage) =>
      stage.ask("POST", "/volumes/create", volume({ type: "none", o: "bind", device: stage.folder })),
  }),
];

/** The guard's own files are out of reach, whatever the policy allows. */
const generous =
  "{ allow: { mounts: [{ source: '/**', dangerous: true }] }, clients: { other: { listen: 'unix://FOLDER/other.sock' } } }";

const ownFiles: readonly Attack[] = [
  ["another client's listener", ({ guard }: Stage) => `${guard.folder}/other.sock`],
  ["the folder of another client's listener", ({ guard }: Stage) => guard.folder],
  ["the folder above that", () => tmpdir()],
  ["another client's listener behind a link", ({ folder }: Stage) => `${folder}/link/other.sock`],
  ["another client's listener by its inode", ({ folder }: Stage) => `${folder}/innocent`],
  ["the policy", ({ guard }: Stage) => `${guard.folder}/policy.yaml`],
  ["the policy by its inode", ({ folder }: Stage) => `${folder}/policy`],
  ["the program", ({ guard }: Stage) => guard.program],
  ["the program's folder", ({ guard }: Stage) => dirname(guard.program)],
].map(([name, path]) => ({
  ...mounts(
    `the guard's own files: ${name}`,
    (stage) => ({ Mounts: [{ Type: "bind", Source: on(stage, path as OfStage<string>), Target: "/x" }] }),
    path as OfStage<string>,
    { policy: generous },
  ),
  prepare: async ({ folder, guard, kept }) => {
    const other = `${guard.folder}/other.sock`;
    // Without the guard's policy nobody listens there.
    if (!existsSync(other)) {
      writeFileSync(other, "");
      kept.set("made", other);
    }
    symlinkSync(guard.folder, `${folder}/link`);
    execFileSync("ln", [other, `${folder}/innocent`]);
    execFileSync("ln", [`${guard.folder}/policy.yaml`, `${folder}/policy`]);
  },
  clean: async ({ kept }) => {
    const made = kept.get("made");
    if (made) rmSync(made);
  },
}));

/** The list of folders alone would stop them: what the controls see is tried without it. */
const byControls = (attack: Attack): Attack => ({
  ...attack,
  policy: "{ allow: { mounts: [/**] }, rules: { guard-writable-path: allow } }",
});

export const hostFileAttacks: readonly Attack[] = [
  ...[...bound, ...inVolumes, ...taken, ...parents].map(byControls),
  ...byDefault,
  ...offTheList,
  ...ownFiles,
];
