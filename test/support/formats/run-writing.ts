import { readRunLine } from "../../../src/formats/run-command/read.ts";
import { readScript } from "../../../src/formats/run-command/scripts.ts";
import type { WriterHost } from "../../../src/formats/run-command/write/quote.ts";
import { writeRunCommand } from "../../../src/formats/run-command/write.ts";
import { type Container, container } from "../../../src/model/container.ts";
import { unset } from "../../../src/model/fact.ts";
import { namedLists, offByDefault } from "../../../src/model/facts/table.ts";
import { mount } from "../../../src/model/mount.ts";
import type { ContainerPatch, Patch } from "../../../src/model/patch.ts";
import type { Files } from "../../../src/model/reading.ts";
import type { ContainerSubject } from "../../../src/model/subject.ts";
import { applyEdits, type Writing } from "../../../src/model/writing.ts";
import { memoryFiles } from "../memory-files.ts";
import { expectLaw } from "./law.ts";

/** The containers that a text of the host runs. */
export function runsIn(
  text: string,
  host: WriterHost,
  file = "f",
  io: Files = memoryFiles(),
): readonly ContainerSubject[] {
  const reading = host === "line" ? readRunLine(text, file, io) : readScript(text, file, host, io);
  return reading.subjects.filter((subject) => subject.kind === "container");
}

export interface Written {
  readonly text: string;
  readonly refused: Writing["refused"];
}

/** The text with the patches made to one of its containers, the first by default. */
export function writeRun(
  text: string,
  host: WriterHost,
  patches: (view: Container) => readonly ContainerPatch[],
  index = 0,
): Written {
  const io = memoryFiles();
  const subject = runsIn(text, host)[index];
  const view = subject?.views[0];
  if (!subject || !view) throw new Error(`no container was read in ${text.slice(0, 200)}`);
  const writing = writeRunCommand({ text, file: "f", host, io, subject: subject.id, patches: patches(view) });
  return { text: applyEdits(text, writing.edits), refused: writing.refused };
}

/** Holds a writing of one container against the law of formats, and the file's other containers against any change. */
export function expectRunLaw(
  text: string,
  host: WriterHost,
  patches: readonly ContainerPatch[],
  index = 0,
): void {
  const io = memoryFiles();
  const write = (now: string, some: readonly Patch[]) =>
    writeRunCommand({
      text: now,
      file: "f",
      host,
      io,
      subject: runsIn(now, host)[index]?.id ?? "",
      patches: some as readonly ContainerPatch[],
    });
  const joins = patches.some((patch) => patch.field === "networkMode");
  expectLaw({
    text,
    read: (now) => runsIn(now, host)[index]?.views[0],
    write,
    patches,
    alike: (view) => alike(joins ? { ...view, networks: [] } : view),
  });
}

/** Off and absent are one for these flags; of one name the last holds. */
function alike(view: Container): Container {
  const off = offByDefault.filter(
    (field) => view[field].state === "set" && JSON.stringify(view[field]).includes('"value":false'),
  );
  const changed: Record<string, unknown> = { ...view };
  for (const field of off) changed[field] = unset;
  for (const field of namedLists) {
    const items: readonly { readonly state: string; readonly value?: { readonly name: string } }[] =
      view[field];
    const last = new Map(items.map((item, at) => [item.value?.name ?? `\0${at}`, item]));
    changed[field] = [...last.values()];
  }
  return { ...container("declared"), ...view, ...changed };
}

/** Patches of every kind that fit what a container says, for laws. */
export function patchesFor(view: Container): readonly ContainerPatch[] {
  const unsets = (
    [
      "user",
      "seccomp",
      "apparmor",
      "selinux",
      "pathProtection",
      "networkMode",
      "pidMode",
      "ipcMode",
      "utsMode",
      "usernsMode",
      "cgroupParent",
      "memory",
    ] as const
  ).map((field): ContainerPatch => ({ op: "unset", field }));
  const removals = (
    [
      "capAdd",
      "capDrop",
      "devices",
      "deviceCgroupRules",
      "volumesFrom",
      "mounts",
      "ports",
      "environment",
      "ulimits",
      "labels",
      "links",
      "endpointOptions",
    ] as const
  ).flatMap((field) =>
    view[field].flatMap((item) =>
      item.state === "set" ? [{ op: "remove", field, value: item.value } as ContainerPatch] : [],
    ),
  );
  const mounts = view.mounts.flatMap((item): readonly ContainerPatch[] =>
    item.state !== "set"
      ? []
      : [
          { op: "replace", field: "mounts", value: item.value, with: { ...item.value, readOnly: true } },
          {
            op: "replace",
            field: "mounts",
            value: item.value,
            with: { ...item.value, propagation: "rprivate" },
          },
          ...(item.value.tmpfs
            ? [
                {
                  op: "replace",
                  field: "mounts",
                  value: item.value,
                  with: {
                    ...item.value,
                    tmpfs: {
                      ...item.value.tmpfs,
                      size: 64 * 1024 ** 2,
                      exec: false,
                      suid: false,
                      dev: false,
                    },
                  },
                } as const,
              ]
            : []),
        ],
  );
  const ports = view.ports.flatMap((item): readonly ContainerPatch[] =>
    item.state === "set"
      ? [{ op: "replace", field: "ports", value: item.value, with: { ...item.value, hostIp: "127.0.0.1" } }]
      : [],
  );
  const named = namedLists
    .filter((field) => field !== "ulimits")
    .flatMap((field) =>
      view[field].flatMap((item) =>
        item.state === "set"
          ? [
              {
                op: "replace",
                field,
                value: item.value,
                with: { name: item.value.name, value: "9" },
              } as ContainerPatch,
            ]
          : [],
      ),
    );
  return [...sets, ...unsets, ...removals, ...mounts, ...ports, ...named, ...adds];
}

const sets: readonly ContainerPatch[] = [
  { op: "set", field: "privileged", value: false },
  { op: "set", field: "readonlyRootfs", value: true },
  { op: "set", field: "publishAllPorts", value: false },
  { op: "set", field: "oomKillDisable", value: false },
  { op: "set", field: "noNewPrivileges", value: true },
  { op: "set", field: "seccomp", value: { profile: "default" } },
  { op: "set", field: "apparmor", value: "docker-default" },
  { op: "set", field: "user", value: "1000:1000" },
  { op: "set", field: "memory", value: 512 * 1024 ** 2 },
  { op: "set", field: "memorySwap", value: 512 * 1024 ** 2 },
  { op: "set", field: "nanoCpus", value: 1_500_000_000 },
  { op: "set", field: "cpuQuota", value: 100_000 },
  { op: "set", field: "pidsLimit", value: 200 },
  { op: "set", field: "blkioWeight", value: 300 },
  { op: "set", field: "logDriver", value: "json-file" },
  { op: "set", field: "ipcMode", value: { mode: "private" } },
  { op: "set", field: "cgroupnsMode", value: { mode: "private" } },
  { op: "set", field: "networkMode", value: { mode: "container", target: "http", by: "container" } },
  {
    op: "set",
    field: "image",
    value: "nginx:1.27@sha256:0000000000000000000000000000000000000000000000000000000000000000",
  },
];

const adds: readonly ContainerPatch[] = [
  { op: "add", field: "capDrop", value: "ALL" },
  { op: "add", field: "capAdd", value: "NET_BIND_SERVICE" },
  { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } },
  { op: "add", field: "storageOpt", value: { name: "size", value: "5G" } },
  { op: "add", field: "ulimits", value: { name: "nofile", soft: 1024, hard: 2048 } },
  { op: "add", field: "deviceCgroupRules", value: "c 1:3 mr" },
  { op: "add", field: "links", value: "first" },
  { op: "add", field: "annotations", value: { name: "run.oci.systemd", value: "a=b c" } },
  { op: "add", field: "labels", value: { name: "note", value: `it's "100%" $HOME` } },
  {
    op: "add",
    field: "mounts",
    value: mount({
      type: "tmpfs",
      target: "/run",
      tmpfs: { size: 64 * 1024 ** 2, mode: 0o1777, exec: false, suid: false, dev: false },
    }),
  },
];
