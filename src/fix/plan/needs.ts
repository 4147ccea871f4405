import { boundingSet } from "../../controls/capabilities/bounding-set.ts";
import { startingUser } from "../../controls/users/starting-user.ts";
import type { GainingProgram } from "../../engine/host/gaining.ts";
import { defaultCapabilities } from "../../model/container/capability.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";
import { type Mount, mount } from "../../model/mount.ts";
import type { ContainerPatch, Patch } from "../../model/patch.ts";
import { distinct, joinTexts, type Step } from "./step.ts";

/** What a workload is known to need, so that hardening gives it back. What is not known is undefined. */
export interface Needs {
  /** The user that it may be started as instead of root, and what must hold for that: a clause. */
  readonly user?: { readonly name: string; readonly requires?: string | undefined } | undefined;
  /** What it takes to start as the user that it starts as, without `CAP_`. As another than root it takes none. */
  readonly capabilities?: readonly string[] | undefined;
  /** Paths of the host's devices. */
  readonly devices?: readonly string[] | undefined;
  /** Folders that it writes outside its volumes, with nothing in them that must stay. */
  readonly writablePaths?: readonly string[] | undefined;
  /** Folders with what must stay that are no volumes of its image: somebody must mount one. */
  readonly persistentPaths?: readonly string[] | undefined;
  /** It has a folder with data, in a volume or not. */
  readonly keepsData?: boolean | undefined;
  /** No volume is made for folders that get uploads. */
  readonly onlyTmpfs?: boolean;
  /** What a container of it shows on the Engine; undefined where none runs, or nobody looked. */
  readonly seen?: SeenNeeds | undefined;
  /** Programs in the image that give who executes them more rights; undefined where nobody looked. */
  readonly gains?: readonly GainingProgram[] | undefined;
  /** The image is a base or a language: nothing is known of the program in it. */
  readonly bare?: boolean;
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[] | undefined;
  /** The workload, as a part of a sentence: `the image nginx`. */
  readonly source: string;
  /** The address where that can be read. */
  readonly knownFrom?: string | undefined;
  /** Which of it a run has shown, and of what: a part of a sentence. */
  readonly tried?: { readonly on: string; readonly facts: readonly NeedName[] } | undefined;
}

export interface SeenNeeds {
  /** Paths that it wrote outside its volumes. */
  readonly wrote: readonly string[];
  /** The owners of its volumes and binds; undefined for one that cannot be looked at. */
  readonly owners: readonly (number | undefined)[];
}

export const needNames = ["writable", "capabilities", "ports", "nonRoot"] as const;

type NeedName = (typeof needNames)[number];

/** Bytes. storage-limit's starting point too: a tmpfs without a size would be a finding of its own. */
const tmpfsSize = 64 * 1024 ** 2;

/** The mode of /tmp: anyone who may write there, and takes away only what is their own. */
const everybody = 0o1777;

/** Gives each step what the workload is known to need under it, and says where nothing is known. */
export function withNeeds(
  steps: readonly Step[],
  view: Container,
  needs: Needs | undefined,
): readonly Step[] {
  const around: ViewNeeds = { view, needs, newUser: newUserIn(steps, needs) };
  return steps.map((step) => {
    const all = step.patches as readonly ContainerPatch[];
    const given = all.reduce(
      (before, patch) => (givers[keyOf(patch)] ?? asItIs)(before, patch, around),
      step,
    );
    const gaining = sayGaining(step, needs);
    return gaining === undefined ? given : { ...given, summary: joinTexts(given.summary, gaining) };
  });
}

/** Names the programs of the image that the step takes rights from. */
function sayGaining({ controls: [control] }: Step, needs: Needs | undefined): string | undefined {
  const names = gainingIn(needs, control).map(({ path }) => path);
  if (names.length === 0) return undefined;
  const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
  const how = control === "capabilities-drop" ? "have file capabilities" : "are setuid, or have capabilities";
  return `In this image ${names.slice(0, 4).join(", ")}${more} ${how}.`;
}

/** The programs of the image from which a control's step takes rights. */
export function gainingIn(needs: Needs | undefined, control: string | undefined): readonly GainingProgram[] {
  if (control === "no-new-privileges") return needs?.gains ?? [];
  // A file with a capability that is out of the bounding set is not even executed.
  return control === "capabilities-drop"
    ? (needs?.gains ?? []).filter(({ by }) => by === "capabilities")
    : [];
}

interface ViewNeeds {
  readonly view: Container;
  readonly needs: Needs | undefined;
  /** The user that another step of the plan starts it as. */
  readonly newUser: string | undefined;
}

function newUserIn(steps: readonly Step[], needs: Needs | undefined): string | undefined {
  const setsUser = steps.some(({ patches }) =>
    patches.some(({ op, field }) => op === "set" && field === "user"),
  );
  return setsUser ? needs?.user?.name : undefined;
}

type Giver = (step: Step, patch: ContainerPatch, around: ViewNeeds) => Step;

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

/** Whether a workload may need something else where the patch is made. */
export function isGivenFor(patch: Patch): boolean {
  return Object.hasOwn(givers, keyOf(patch));
}

function keyOf(patch: Patch): string {
  return `${patch.op} ${patch.field}`;
}

function giveCapabilities(step: Step, _: ContainerPatch, { view, needs, newUser }: ViewNeeds): Step {
  const starting = startingUser(view);
  if (starting.known && !starting.isRoot && starting.saidBy !== "table") {
    // Never safe: what is dropped cannot be had with no-new-privileges, but a file that is marked with a capability is
    // not even executed where that is out of the bounding set (capabilities(7), “Safety checking”).
    const breaks = `It starts as ${starting.user}, which holds none. A setuid program gets none either, and a file that has a capability (\`getcap\`) cannot be executed: EPERM.`;
    return { ...step, summary: "Drop ALL capabilities.", breaks: [breaks] };
  }
  const needed = heldOf(needs?.capabilities, view);
  if (!needs || !needed) {
    return saying(step, ["bulkhead does not know which ones this workload needs, so it adds none back."]);
  }
  const listed = needed.join(", ");
  if (newUser !== undefined && listed !== "") {
    // A binary that is marked with this one is executed only where it may be had, by whichever user.
    const kept = needed.filter((name) => name === "NET_BIND_SERVICE");
    return {
      ...step,
      summary: `Drop ALL capabilities${kept.length === 0 ? "" : `, and add back ${kept.join(", ")}`}.`,
      breaks: [`As ${newUser} it needs no other; to start as root ${needs.source} needs ${listed}.`],
      knownFrom: howKnown(needs, "nonRoot"),
      patches: [...step.patches, ...missing(view.capAdd, kept).map(addCapability)],
    };
  }
  if (listed === "") {
    const breaks = [`None is needed to start ${needs.source}.`];
    return { ...step, summary: "Drop ALL capabilities.", breaks, knownFrom: howKnown(needs, "capabilities") };
  }
  return {
    ...step,
    summary: `Drop ALL capabilities, and add back ${listed}, which ${needs.source} needs.`,
    breaks: ["What needs another one fails with EPERM (“Operation not permitted”)."],
    knownFrom: howKnown(needs, "capabilities"),
    patches: [...step.patches, ...missing(view.capAdd, needed).map(addCapability)],
  };
}

/** Those of the capabilities that it may hold today: hardening gives back, and never more than there was. */
function heldOf(names: readonly string[] | undefined, view: Container): readonly string[] | undefined {
  const held = boundingSet(view);
  return names?.filter((name) => (held.state === "set" ? held.value.has(name) : isDefault(name)));
}

function howKnown({ knownFrom, tried }: Needs, fact: NeedName): readonly string[] {
  if (tried?.facts.includes(fact)) return [`Tested with ${tried.on}.`];
  return knownFrom === undefined ? [] : [`From documents (${knownFrom}); not tested.`];
}

/** Without `--privileged` Docker's default set stays, so only what is beyond it is given here. */
function giveDevices(step: Step, _: ContainerPatch, { view, needs }: ViewNeeds): Step {
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

function giveTmpfs(step: Step, _: ContainerPatch, { view, needs, newUser }: ViewNeeds): Step {
  const targets = setItems(view.mounts).map(({ value }) => value.target);
  const bare = (paths: readonly string[]) => paths.filter((path) => !isBelowOneOf(path, targets));
  const homeless = bare(needs?.persistentPaths ?? []);
  if (needs && homeless.length > 0) {
    return {
      ...step,
      kind: "manual",
      summary: `Mount a volume on ${homeless.join(" and ")}, where ${needs.source} keeps its data; then its root file system can be read-only.`,
      breaks: [],
      patches: [],
    };
  }
  const paths = bare(needs?.writablePaths ?? ["/tmp"]);
  const mode = newUser !== undefined || startsAsOther(view) ? everybody : undefined;
  // A volume belongs to whom the image's folder belongs to: another user needs a tmpfs.
  const isOpen = (path: string) => mode === undefined || everybodys.test(path);
  const onDisk = paths.filter(
    (path) =>
      needs?.writablePaths !== undefined && needs.onlyTmpfs !== true && getsPayload(path) && isOpen(path),
  );
  const inMemory = paths.filter((path) => !onDisk.includes(path));
  const full =
    inMemory.length === 0 ? "" : "More than 64 MiB in a tmpfs fails with ENOSPC (“No space left on device”).";
  const outside = elsewhere(needs);
  const shown =
    outside.length === 0
      ? ""
      : `Its container wrote ${outside.slice(0, 3).join(", ")}${outside.length > 3 ? ` and ${outside.length - 3} more` : ""}: that would fail.`;
  const known = needs?.writablePaths
    ? `As published, ${needs.source} writes nowhere else outside its volumes.`
    : "bulkhead does not know where else this workload writes.";
  return saying(
    {
      ...step,
      summary: `Make the root file system read-only${sayPlaces({ inMemory, onDisk, size: " of 64 MiB" })}.`,
      patches: [
        ...step.patches,
        ...inMemory.map((path) => addTmpfs(path, mode)),
        ...onDisk.map((target): Patch => {
          return { op: "add", field: "mounts", value: mount({ type: "volume", target }) };
        }),
      ],
    },
    [known, shown, full],
    needs?.writablePaths ? howKnown(needs, "writable") : [],
  );
}

/** What a container wrote in places that nothing makes writable again. */
export function elsewhere(needs: Needs | undefined): readonly string[] {
  const writable = needs?.writablePaths ?? ["/tmp"];
  return (needs?.seen?.wrote ?? []).filter((path) => !isBelowOneOf(path, writable));
}

function isBelowOneOf(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isAtOrBelow(canonicalPath(path), canonicalPath(folder)));
}

/** What stays writable below a read-only root: `, with a tmpfs on /run and an anonymous volume on /tmp`. */
export function sayPlaces(places: {
  readonly inMemory: readonly string[];
  readonly onDisk: readonly string[];
  readonly size?: string;
}): string {
  const { inMemory, onDisk, size = "" } = places;
  const said = [
    ...(inMemory.length === 0 ? [] : [`a tmpfs${size} on ${inMemory.join(", ")}`]),
    ...(onDisk.length === 0 ? [] : [`an anonymous volume on ${onDisk.join(", ")}`]),
  ];
  return said.length === 0 ? "" : `, with ${said.join(" and ")}`;
}

/** Folders of sockets, locks and pid files. Any other may get what users send: its size is nobody's to invent. */
const small = /^\/(?:var\/)?(?:run|lock)(?:\/|$)/;

export function getsPayload(path: string): boolean {
  return !small.test(path);
}

/** Folders that another user than root cannot write in an anonymous volume, and whose size in memory nobody knows. */
export function unsizedPaths(needs: Needs | undefined): readonly string[] {
  if (needs?.onlyTmpfs) return [];
  return (needs?.writablePaths ?? []).filter((path) => getsPayload(path) && !everybodys.test(path));
}

const everybodys = /^\/(?:var\/)?tmp$/;

/** Published on the loopback address: who else is to reach them is a decision. */
function givePorts(step: Step, _: ContainerPatch, { view, needs }: ViewNeeds): Step {
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
    summary: `Give it its own network, and publish ${named} on 127.0.0.1, where ${needs.source} listens.`,
    patches: [...step.patches, ...ports],
  };
}

function giveUser(step: Step, patch: ContainerPatch, { view, needs }: ViewNeeds): Step {
  if (!needs?.user) return step;
  const { name: value, requires } = needs.user;
  const failure = "fails with EACCES (“Permission denied”)";
  const breaks =
    requires === undefined
      ? `Where it writes to files that belong to root, it ${failure}.`
      : `It starts as that user if ${requires}. Otherwise it ${failure}.`;
  return {
    ...step,
    summary: `Run it as ${value}, which ${needs.source} supports.`,
    breaks: [breaks],
    knownFrom: howKnown(needs, "nonRoot"),
    patches: [
      ...step.patches.map((each): Patch => (each === patch ? { op: "set", field: "user", value } : each)),
      ...openedTmpfs(view, needs),
    ],
  };
}

/** A tmpfs that is there already, on what the workload writes, has to let the new user in as well. */
function openedTmpfs(view: Container, { writablePaths = [] }: Needs): readonly Patch[] {
  return setItems(view.mounts).flatMap(({ value }): Patch[] => {
    const { type, target, tmpfs } = value;
    if (type !== "tmpfs" || tmpfs?.mode !== undefined || !writablePaths.includes(target)) return [];
    const options = tmpfs ?? { size: undefined, exec: false, suid: false, dev: false };
    return [
      { op: "replace", field: "mounts", value, with: { ...value, tmpfs: { ...options, mode: everybody } } },
    ];
  });
}

/** What it is known to need is not taken away: then the finding is a decision to make. */
function keepCapability(step: Step, patch: ContainerPatch, { needs }: ViewNeeds): Step {
  if (patch.op !== "remove" || patch.field !== "capAdd" || !needs?.capabilities?.includes(patch.value)) {
    return step;
  }
  return {
    ...step,
    kind: "manual",
    summary: `Keep ${patch.value}, which ${needs.source} needs, and ignore this finding with that reason; or find a workload that needs less.`,
    breaks: [],
    patches: step.patches.filter((each) => each !== patch),
  };
}

function saying(step: Step, texts: readonly string[], knownFrom: readonly string[] = []): Step {
  return { ...step, breaks: distinct(...step.breaks, ...texts), knownFrom };
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

/** A folder of the image gives its own mode to a tmpfs without one (runc: tmpcopyup): then only root could write there. */
function addTmpfs(target: string, mode: number | undefined): Patch {
  const options = { size: tmpfsSize, mode, exec: false, suid: false, dev: false };
  const value: Mount = mount({ type: "tmpfs", target, tmpfs: options });
  return { op: "add", field: "mounts", value };
}

export function startsAsOther(view: Container): boolean {
  const starting = startingUser(view);
  return starting.known && !starting.isRoot;
}
