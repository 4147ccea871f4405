import { setItems } from "../../model/fact.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

interface Group {
  readonly severity: Severity;
  /** What its members can do where the host's file is mounted, as it follows “a process in it can”. */
  readonly can: string;
}

const socket: Group = {
  severity: "high",
  can: "use the engine's socket where it is mounted, and own the host",
};
const admin: Group = { severity: "high", can: "read files that only administrators of the host may read" };
const disk: Group = { severity: "high", can: "open raw disks of the host where they are visible" };
const device: Group = { severity: "info", can: "open the devices of that group where they are visible" };

/** Groups that open more than their own files on a usual distribution; Docker looks names up in the image's /etc/group. */
const groups: Readonly<Record<string, Group>> = {
  root: { severity: "high", can: "open every mounted file that root's group may open" },
  docker: socket,
  podman: socket,
  lxd: socket,
  incus: socket,
  libvirt: { severity: "high", can: "control the host's virtual machines where libvirt's socket is mounted" },
  disk,
  kmem: { severity: "high", can: "read the host's memory where its device is visible" },
  mem: { severity: "high", can: "read the host's memory where its device is visible" },
  shadow: { severity: "high", can: "read password hashes where /etc/shadow is mounted" },
  sudo: admin,
  wheel: admin,
  sys: admin,
  adm: { severity: "info", can: "read the host's logs where they are mounted" },
  "systemd-journal": { severity: "info", can: "read the host's journal where it is mounted" },
  ...Object.fromEntries(
    ["kvm", "video", "render", "input", "tape", "fuse", "audio", "dialout", "plugdev", "cdrom"].map(
      (name) => [name, device],
    ),
  ),
};

/** The same on Debian and on Red Hat's family; Debian's only: shadow and sudo. */
const numbers: Readonly<Record<string, string>> = { 0: "root", 6: "disk", 27: "sudo", 42: "shadow" };

export const supplementaryGroups: Control = {
  id: "supplementary-groups",
  title: "The container joins a group of the host",
  why: "A group ID means the same inside a container and on the host. A process that is not root gets everything that the group may open in what is mounted: the Docker socket, raw disks, /etc/shadow. IDs below 1000 belong to the system. They differ between hosts, and the docker group has one of them. IDs from 1000 up belong to people, and pass.",
  row: "2.11",
  severity: "high",
  guard: "deny",
  cis: [],
  attack: ["T1611", "T1548"],
  cwe: [250, 732],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#group-add",
    "https://docs.docker.com/reference/compose-file/services/#group_add",
    "https://man7.org/linux/man-pages/man5/login.defs.5.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --group-add docker example/agent" },
      { syntax: "compose", text: 'services:\n  agent:\n    image: example/agent\n    group_add: ["0"]\n' },
    ],
    good: [
      { syntax: "run", text: "docker run --group-add 1000 example/editor" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container: ({ groupAdd }) =>
      judgeItems(groupAdd, ({ value, origins }) => {
        const group = groupOf(value);
        if (!group) return pass();
        return fail(`joins the group ${value}: a process in it can ${group.can}`, {
          origins,
          severity: group.severity,
          evidence: value,
          observed: value,
        });
      }),
  },
  remedy: {
    container: ({ groupAdd }) => ({
      kind: "behavioural",
      summary:
        "Remove the group; give the workload its own group, and that group the one file that it needs.",
      patches: setItems(groupAdd)
        .filter(({ value }) => groupOf(value) !== undefined)
        .map(({ value }) => ({ op: "remove", field: "groupAdd", value })),
      breaks:
        "A program that opens a socket, a device or a file by that group fails with EACCES (“Permission denied”).",
    }),
  },
};

/** Undefined for a group that opens nothing but a person's own files, as far as is known. */
function groupOf(value: string): Group | undefined {
  const name = value.trim();
  if (!/^[+-]?\d+$/.test(name)) return Object.hasOwn(groups, name) ? groups[name] : undefined;
  const number = Number(name);
  if (number >= 1000) return undefined;
  const known = numbers[String(number)];
  return known === undefined
    ? { severity: "medium", can: "open what that system group of the host may open, where it is mounted" }
    : groups[known];
}
