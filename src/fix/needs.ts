import { startingUser } from "../controls/users/starting-user.ts";
import { defaultCapabilities } from "../model/capability.ts";
import type { Container } from "../model/container.ts";
import { setItems, valueOr } from "../model/fact.ts";
import { type Mount, mount } from "../model/mount.ts";
import type { ContainerPatch, Patch } from "../model/patch.ts";
import { joinTexts, type Step } from "./step.ts";

/** What a workload is known to need, so that hardening gives it back. What is not known is undefined. */
export interface Needs {
  /** The user that it serves as, where it starts as root. */
  readonly user?: string | undefined;
  /** Without `CAP_`. */
  readonly capabilities?: readonly string[] | undefined;
  /** Paths of the host's devices. */
  readonly devices?: readonly string[] | undefined;
  /** Folders that it writes outside its volumes. */
  readonly writablePaths?: readonly string[] | undefined;
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[] | undefined;
  /** Who says so, as a clause's subject: `the image nginx, by its documentation,`. */
  readonly source: string;
}

/** Bytes. storage-limit's starting point too: a tmpfs without a size would be a finding of its own. */
const tmpfsSize = 64 * 1024 ** 2;

/** Gives each step what the workload is known to need under it, and says where nothing is known. */
export function withNeeds(
  steps: readonly Step[],
  view: Container,
  needs: Needs | undefined,
): readonly Step[] {
  return steps.map((step) => {
    const all = step.patches as readonly ContainerPatch[];
    return all.reduce((given, patch) => (givers[keyOf(patch)] ?? asItIs)(given, patch, view, needs), step);
  });
}

type Giver = (step: Step, patch: ContainerPatch, view: Container, needs: Needs | undefined) => Step;

const asItIs: Giver = (step) => step;

/** By `OP FIELD`, and what follows for the values that matter. */
const givers: Readonly<Record<string, Giver>> = {
  "add capDrop": giveCapabilities,
  "set privileged": giveDevices,
  "set readonlyRootfs": giveTmpfs,
  "unset networkMode": givePorts,
  "set user": giveUser,
  "remove capAdd": keepCapability,
};

function keyOf(patch: ContainerPatch): string {
  return `${patch.op} ${patch.field}`;
}

function giveCapabilities(step: Step, _: ContainerPatch, view: Container, needs: Needs | undefined): Step {
  const starting = startingUser(view);
  if (starting.known && !starting.isRoot && starting.saidBy !== "table") {
    const held = `It starts as ${starting.user}, which holds none unless a setuid program or a file capability gives it`;
    // With no-new-privileges neither can, so that what is dropped could not be had (capabilities(7), prctl(2)).
    return valueOr(view.noNewPrivileges, false)
      ? { ...step, kind: "safe", summary: "Drop ALL capabilities.", breaks: undefined }
      : { ...step, summary: "Drop ALL capabilities.", breaks: `${held}; such a program fails with EPERM.` };
  }
  if (!needs?.capabilities) {
    return saying(step, "Which ones this workload needs is not known here, so none is added back.");
  }
  const added = missing(view.capAdd, needs.capabilities);
  if (needs.capabilities.length === 0) {
    return saying({ ...step, summary: "Drop ALL capabilities." }, `${needs.source} needs none.`);
  }
  return {
    ...step,
    summary: `Drop ALL capabilities, and add back ${needs.capabilities.join(", ")}, which ${needs.source} needs.`,
    patches: [...step.patches, ...added.map(addCapability)],
  };
}

/** Without `--privileged` Docker's default set stays, so only what is beyond it is given here. */
function giveDevices(step: Step, _: ContainerPatch, view: Container, needs: Needs | undefined): Step {
  const beyond = needs?.capabilities?.filter((name) => !isDefault(name)) ?? [];
  const devices = needs?.devices ?? [];
  if (beyond.length + devices.length === 0 || !needs) return step;
  const present = setItems(view.devices).map(({ value }) => value.hostPath);
  const given = devices
    .filter((path) => !present.includes(path))
    .map((path): Patch => {
      const value = { hostPath: path, containerPath: path, permissions: "rwm" };
      return { op: "add", field: "devices", value };
    });
  return {
    ...step,
    summary: `Run it without --privileged, and give it ${[...beyond, ...devices].join(", ")}, which ${needs.source} needs.`,
    patches: [...step.patches, ...missing(view.capAdd, beyond).map(addCapability), ...given],
  };
}

function giveTmpfs(step: Step, _: ContainerPatch, view: Container, needs: Needs | undefined): Step {
  const paths = needs?.writablePaths ?? ["/tmp"];
  const targets = setItems(view.mounts).map(({ value }) => value.target);
  const bare = paths.filter((path) => !targets.some((target) => isBelow(path, target)));
  const known = needs?.writablePaths
    ? joinTexts(
        `${needs.source} writes ${paths.length === 0 ? "nothing outside its volumes" : paths.join(", ")}.`,
      )
    : "Where else than in /tmp this workload writes is not known here.";
  const tmpfs = bare.length === 0 ? "" : `, with a tmpfs of 64 MiB on ${bare.join(", ")}`;
  return saying(
    {
      ...step,
      summary: `Make the root file system read-only${tmpfs}.`,
      patches: [...step.patches, ...bare.map(addTmpfs)],
    },
    known,
  );
}

/** Published on the loopback address: who else is to reach them is a decision. */
function givePorts(step: Step, _: ContainerPatch, view: Container, needs: Needs | undefined): Step {
  if (!needs?.ports || view.networkMode.state !== "set" || view.networkMode.value.mode !== "host")
    return step;
  const published = setItems(view.ports).map(({ value }) => `${value.containerPort}/${value.protocol}`);
  const bare = needs.ports.filter(({ port, protocol }) => !published.includes(`${port}/${protocol}`));
  if (bare.length === 0) return step;
  const ports = bare.map(({ port, protocol }): Patch => {
    const number = String(port);
    const value = { hostIp: "127.0.0.1", hostPort: number, containerPort: number, protocol };
    return { op: "add", field: "ports", value };
  });
  const named = bare.map(({ port, protocol }) => `${port}/${protocol}`).join(", ");
  return {
    ...step,
    summary: `Give it a network of its own, and publish ${named} on 127.0.0.1, where ${needs.source} listens.`,
    patches: [...step.patches, ...ports],
  };
}

function giveUser(step: Step, patch: ContainerPatch, _: Container, needs: Needs | undefined): Step {
  if (!needs?.user) return step;
  const value = needs.user;
  return {
    ...step,
    summary: `Run it as ${value}, the user that ${needs.source} serves as.`,
    patches: step.patches.map((each) => (each === patch ? { op: "set", field: "user", value } : each)),
  };
}

/** What it is known to need is not taken away: then the finding is a decision to make. */
function keepCapability(step: Step, patch: ContainerPatch, _: Container, needs: Needs | undefined): Step {
  if (patch.op !== "remove" || patch.field !== "capAdd" || !needs?.capabilities?.includes(patch.value)) {
    return step;
  }
  return {
    ...step,
    kind: "manual",
    summary: `Keep ${patch.value}, which ${needs.source} needs, and ignore this finding with that reason; or find a workload that needs less.`,
    breaks: undefined,
    patches: step.patches.filter((each) => each !== patch),
  };
}

function saying(step: Step, sentence: string): Step {
  return { ...step, breaks: joinTexts(step.breaks, sentence) };
}

function missing(present: Container["capAdd"], names: readonly string[]): readonly string[] {
  const added = new Set(setItems(present).map(({ value }) => value));
  return names.filter((name) => !added.has(name));
}

function isDefault(name: string): boolean {
  return defaultCapabilities.some((each) => each === name);
}

function addCapability(value: string): Patch {
  return { op: "add", field: "capAdd", value };
}

function addTmpfs(target: string): Patch {
  const options = { size: tmpfsSize, mode: undefined, exec: false, suid: false, dev: false };
  const value: Mount = mount({ type: "tmpfs", target, tmpfs: options });
  return { op: "add", field: "mounts", value };
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
