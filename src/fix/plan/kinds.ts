import { type KnownImage, knownImage } from "../../controls/images/tables/known-images.ts";
import { isRootText } from "../../controls/users/user-text.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import type { Patch } from "../../model/patch.ts";
import type { Subject } from "../../model/subject.ts";
import type { Bundles, ImageIdentity } from "../bundle/bundle.ts";
import { asPublished } from "./as-published.ts";
import { needsNoSetuid } from "./limits.ts";
import { elsewhere, gainingIn, type Needs, type SeenNeeds, startsAsOther, unsizedPaths } from "./needs.ts";
import { riskier, type Step, type StepKind } from "./step.ts";

/** Files that a program reads at its start: their names end so. */
const configuration =
  /\.(?:conf|cfg|cnf|ini|ya?ml|toml|properties|xml|sql|pem|crt|cer|htpasswd|rules|tmpl|template)$/i;

/** Files with such a name that the program itself rewrites. */
const rewritten = /(?:^|\/)(?:acme[^/]*|[^/]*sentinel[^/]*|nodes\.conf|dump[^/]*)$/i;

/**
 * Whether a mount is one file of configuration, which a program only reads. Everything else may hold data: a folder whose
 * name says nothing, a database's files, a certificate store that its program renews.
 */
function isClearlyConfiguration({ target, source = "" }: Mount): boolean {
  const isFile = configuration.test(target) && (source === "" || configuration.test(source));
  return isFile && !rewritten.test(target) && !rewritten.test(source);
}

/**
 * Each step with the kind that it has for this workload. A control only knows the change, so it names the kind for an unknown
 * workload. What an image is known to need makes some of them less risky.
 */
export function withKinds(
  steps: readonly Step[],
  view: Container,
  needs: Needs | undefined,
): readonly Step[] {
  return steps.map((step) => {
    const rule = rules[step.controls[0] ?? ""];
    if (step.kind === "manual") return step;
    if (step.patches.some(takesPurpose)) return { ...step, kind: riskier(step.kind, "decision") };
    if (!rule) return step;
    const kind = rule(step, { view, needs });
    return kind === "safe" ? { ...step, kind, breaks: [], knownFrom: [] } : { ...step, kind };
  });
}

interface ViewNeeds {
  readonly view: Container;
  readonly needs: Needs | undefined;
}

/** By these a workload does what it is for: a GPU's runtime, a group that opens a device, a kernel setting. */
const purposes = new Set<Patch["field"]>(["runtime", "groupAdd", "sysctls", "devices", "deviceCgroupRules"]);

function takesPurpose({ op, field }: Patch): boolean {
  return (op === "remove" || op === "unset") && purposes.has(field);
}

type KindOf = (step: Step, around: ViewNeeds) => StepKind;

const rules: Readonly<Record<string, KindOf>> = {
  "no-new-privileges": (_, { view, needs }) => {
    if (gainingIn(needs, "no-new-privileges").length > 0) return "decision";
    return view.noNewPrivileges.state === "unset" && needsNoSetuid(needs) ? "safe" : "behavioural";
  },
  "capabilities-drop": (_, { view, needs }) =>
    (needs?.capabilities !== undefined || isAnotherUser(view)) &&
    gainingIn(needs, "capabilities-drop").length === 0
      ? "behavioural"
      : "decision",
  "read-only-rootfs": (_, { view, needs }) =>
    needs?.writablePaths === undefined ||
    elsewhere(needs).length > 0 ||
    (startsAsOther(view) && unsizedPaths(needs).length > 0)
      ? "decision"
      : "behavioural",
  "root-user": (_, { view, needs }) => (mayChangeUser(view, needs) ? "behavioural" : "decision"),
  // What a server of a known image is for needs none of these. A base image says nothing of the program in it.
  privileged: servers,
  "host-pid": servers,
  "host-ipc": servers,
  "read-only-volume": ({ patches }) =>
    patches.every((patch) => isMountOf(patch, isClearlyConfiguration)) ? "behavioural" : "decision",
  "sensitive-host-mount": ({ kind, patches }) => (patches.every(makesReadOnly) ? "safe" : kind),
};

/** Whether a step of the control has a kind by its workload. */
export function hasKindRule(control: string): boolean {
  return Object.hasOwn(rules, control);
}

function servers(_: Step, { needs }: ViewNeeds): StepKind {
  return needs && !needs.bare && needs.capabilities !== undefined ? "behavioural" : "decision";
}

/** A user that the file names holds no capability. Nobody but the file can tell that of an unknown image. */
function isAnotherUser({ user }: Container): boolean {
  return user.state === "set" && /^(?!0+(?::|$)|root(?::|$)).+/.test(user.value);
}

/**
 * Another user needs a tmpfs where root gets a volume: of a folder for uploads nobody knows its size.
 * What is in binds and volumes has owners: whether another user may read and write it, only the host knows. An anonymous volume
 * of the image's stays when compose replaces the container. What the user requires must have been shown, too.
 */
function mayChangeUser(view: Container, needs: Needs | undefined): boolean {
  if (!needs?.user || needs.bare || needs.keepsData || unsizedPaths(needs).length > 0) return false;
  if (needs.user.requires !== undefined && !needs.tried?.facts.includes("nonRoot")) return false;
  const isItsOwn = (needs.seen?.owners ?? []).every(
    (owner) => String(owner) === needs.user?.name.split(":")[0],
  );
  return setItems(view.mounts).every(({ value }) => value.type === "tmpfs") && isItsOwn;
}

function isMountOf(patch: Patch, rule: (mount: Mount) => boolean): boolean {
  return patch.op === "replace" && patch.field === "mounts" && rule(patch.value);
}

/** The time zone: the control leaves nothing else to be made read-only. */
function makesReadOnly(patch: Patch): boolean {
  return patch.op === "replace" && patch.field === "mounts" && patch.with.readOnly === true;
}

/** What is known of a container's workload from its image's name. */
export function needsOf(subject: Subject): Needs | undefined {
  const own = namedImage(subject);
  return own && needsByName(own);
}

/**
 * What bundles show of the very image that a container is made from, or else what is known of its name. `image` is what the
 * Engine has under the name; without it only a name that ends in a digest says which image it is.
 */
export function needsByBundle(
  subject: Subject,
  bundles: Pick<Bundles, "needsOf">,
  image: ImageIdentity | undefined,
): Needs | undefined {
  const own = namedImage(subject);
  if (!own) return undefined;
  const { view, reference } = own;
  return bundles.needsOf(image ?? { repoDigests: [reference] }, view) ?? needsByName(own);
}

interface Named {
  readonly view: Container;
  readonly reference: string;
}

/** The image that a container is made from; none where it is built here or the caller chooses it, since that may be anything. */
function namedImage(subject: Subject): Named | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (view?.image.state !== "set" || view.image.isCallers || view.build.state !== "unset") return undefined;
  return { view, reference: view.image.value };
}

function needsByName({ view, reference }: Named): Needs | undefined {
  const known = knownImage(reference);
  if (!known?.needs) return known && needsOfImage(known, reference);
  const { runsItsProgram, writable } = asPublished(known.needs, view);
  const needs = needsOfImage({ ...known, needs: { ...known.needs, writable } }, reference);
  if (runsItsProgram) return needs;
  const capabilities = needs.capabilities?.length === 0 ? needs.capabilities : undefined;
  return { ...needs, bare: true, capabilities, writablePaths: undefined, ports: undefined };
}

/** What is known of the workload in an image, by its reference alone. */
export function needsOfReference(reference: string): Needs | undefined {
  const known = knownImage(reference);
  return known && needsOfImage(known, reference);
}

function needsOfImage({ user, needs }: KnownImage, reference: string): Needs {
  const source = `the image ${reference}`;
  // Who starts as a user without root's rights holds no capability (capabilities(7)).
  const none = isRootText(user) ? undefined : [];
  if (!needs) return { capabilities: none, source };
  const { writable, capabilities, ports, nonRoot, bare, sources, tried } = needs;
  // Of a base or a language nothing says what the application in it needs.
  const isOpen = bare && capabilities.length === 0;
  return {
    user: nonRoot && { name: nonRoot.user, requires: nonRoot.requires },
    bare,
    capabilities: none ?? (isOpen ? undefined : capabilities),
    writablePaths: bare
      ? undefined
      : writable?.filter(({ kind }) => kind === "tmpfs").map(({ path }) => path),
    persistentPaths: writable
      ?.filter(({ kind, declared }) => kind === "data" && !declared)
      .map(({ path }) => path),
    keepsData: writable?.some(({ kind }) => kind === "data"),
    ports: ports.map(portOf),
    source,
    knownFrom: sources[0],
    tried,
  };
}

/** With what a container of it, and the files of its image, show on the Engine. */
export function withSeen(
  needs: Needs | undefined,
  seen: SeenNeeds | undefined,
  gains?: Needs["gains"],
): Needs | undefined {
  return seen || gains ? { source: "this workload", ...needs, seen, gains } : needs;
}

function portOf(text: string): { readonly port: number; readonly protocol: string } {
  const [port = "", protocol = "tcp"] = text.split("/");
  return { port: Number(port), protocol };
}
