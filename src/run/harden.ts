import type { Rules } from "../audit/evaluate.ts";
import { bareContext, type Control } from "../controls/control.ts";
import { limitOfControl, needsNoSetuid } from "../fix/plan/limits.ts";
import type { Needs } from "../fix/plan/needs.ts";
import { planFixes, takesAll } from "../fix/plan/plan.ts";
import type { Step } from "../fix/plan/step.ts";
import { type ReadArguments, readRunArguments, writeRunArguments } from "../formats/run-command/argv.ts";
import type { Container } from "../model/container.ts";
import { valueOr } from "../model/fact.ts";
import type { ContainerPatch } from "../model/patch.ts";
import type { Files } from "../model/reading.ts";
import type { ContainerSubject, Subject } from "../model/subject.ts";
import { defaultHardening, isExempt, type RunPolicy } from "./policy.ts";

export interface HardenRequest {
  /** What stands behind `docker run`. */
  readonly arguments: readonly string[];
  readonly policy: RunPolicy;
  readonly controls: readonly Control[];
  readonly rules: Pick<Rules, "ignores" | "today">;
  /** What the workload is known to need; undefined where nothing is. */
  readonly needs: (subject: Subject) => Needs | undefined;
  /** Why nobody looked at what the image holds; undefined where that was done, or need not be. */
  readonly unseen: string | undefined;
  readonly io: Files;
}

export interface Hardened {
  readonly arguments: readonly string[];
  /** The flags that were added or changed. */
  readonly flags: readonly (readonly string[])[];
  /** The same in the model's terms. */
  readonly patches: readonly ContainerPatch[];
  /** Why it is run as it is; undefined where that is no news. */
  readonly note: string | undefined;
  /** Docker's own `--quiet`. */
  readonly quiet: boolean;
}

/** The image that the policy adds something to; undefined where docker will run none, or none that it adds to. */
export function imageToHarden(
  { help, image, gaps }: Pick<ReadArguments, "help" | "image" | "gaps">,
  policy: Pick<RunPolicy, "exempt">,
): string | undefined {
  const isLeft = help || gaps.length > 0 || image === undefined || isExempt(image, policy);
  return isLeft ? undefined : image;
}

/**
 * The arguments with what the policy adds. What the user says stays, unless the policy overrides; what docker will refuse
 * anyway is handed on as it is, for docker to say so. Pure but for the files that the arguments name.
 */
export function harden(request: HardenRequest): Hardened {
  const { policy, io } = request;
  const read = readRunArguments(request.arguments, io);
  const asItIs = { arguments: request.arguments, flags: [], patches: [], quiet: read.quiet };
  if (imageToHarden(read, policy) === undefined) {
    const gap = read.help || read.image === undefined ? undefined : read.gaps[0];
    return { ...asItIs, note: gap && `nothing was added: ${gap.reason}` };
  }
  // A container that runs for a short time needs no limit; who configures one has it set all the same.
  const { job, ...view } = read.container;
  const subject = subjectOf(read.name ?? "run", view);
  const gains = policy.harden === undefined ? (request.needs(subject)?.gains ?? []) : [];
  const { patches, notSet } = patchesFor(subject, view, request);
  const written = writeRunArguments(request.arguments, patches, io);
  const [refused] = written.refused;
  return {
    arguments: written.arguments,
    flags: written.flags,
    patches: patches.filter((patch) => !written.refused.some((each) => each.patch === patch)),
    note: refused
      ? `not all was added: ${refused.reason}`
      : notSet
        ? `not all was added: ${notSet}`
        : (sayLeft(gains) ?? sayUnseen(patches, request.unseen)),
    quiet: read.quiet,
  };
}

/** Why no-new-privileges was not added. */
function sayLeft(gains: NonNullable<Needs["gains"]>): string | undefined {
  const [first, ...more] = gains;
  if (!first) return undefined;
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  return `no-new-privileges was not added: ${first.path}${others} in the image ${more.length === 0 ? "gives" : "give"} more rights to a process that executes ${more.length === 0 ? "it" : "them"}`;
}

/** What no-new-privileges could break, where nobody looked. */
function sayUnseen(patches: readonly ContainerPatch[], unseen: string | undefined): string | undefined {
  const isAdded = patches.some((patch) => "field" in patch && patch.field === "noNewPrivileges");
  if (unseen === undefined || !isAdded) return undefined;
  return `nobody looked into the image (${unseen}): a setuid program in it, such as sudo, gives no more rights now`;
}

function subjectOf(name: string, view: Container): ContainerSubject {
  const id = `docker run#${name}`;
  return {
    kind: "container",
    id,
    name,
    stableId: id,
    source: "run-command",
    location: undefined,
    views: [view],
  };
}

interface Planned {
  readonly patches: readonly ContainerPatch[];
  /** Why a limit that the policy gives is not set. */
  readonly notSet: string | undefined;
}

function patchesFor(
  subject: ContainerSubject,
  view: Container,
  { policy, controls, rules, needs }: HardenRequest,
): Planned {
  const wanted: readonly string[] = policy.harden ?? defaultHardening;
  const known = needs(subject);
  /**
   * By default only what is known to do no harm. An unknown image may start as root and drop, or run a program that a file
   * capability marks, as another user, too. Any number of processes is too few for some.
   */
  const isKnown = (control: string) => {
    if (policy.harden !== undefined) return true;
    if (control === "no-new-privileges") return (known?.gains ?? []).length === 0;
    if (control === "capabilities-drop") return needsNoSetuid(known) && (known?.gains ?? []).length === 0;
    return control !== "pids-limit" || policy.limits.pids !== undefined;
  };
  const { steps } = planFixes(
    { subject, context: bareContext("run-command") },
    {
      rules: {
        ...rules,
        controls: controls.filter(({ id }) => wanted.includes(id) && isKnown(id)),
        severities: {},
        spell: () => null,
      },
      takes: (step) => takesAll(step) || isLimitOf(policy, step),
      limits: policy.limits,
      needs,
    },
  );
  const notSet = steps.find(({ patches }) => patches.length === 0)?.summary;
  const patches = steps.flatMap((step) => {
    // The subject is a container, so its plan holds patches of containers.
    const patches = step.patches as readonly ContainerPatch[];
    return policy.override || patches.every((patch) => isOpen(patch, view)) ? patches : [];
  });
  return { patches, notSet };
}

/** Whether a step is about a limit that the policy gives. */
function isLimitOf({ limits }: RunPolicy, { controls }: Step): boolean {
  const names = controls.flatMap((control) => limitOfControl(control) ?? []);
  return names.some((name) => limits[name] !== undefined);
}

/** Whether the user said nothing of what the patch changes. */
function isOpen(patch: ContainerPatch, view: Container): boolean {
  if (patch.op === "set") return view[patch.field].state === "unset" && !asksAll(patch, view);
  if (patch.op !== "add") return false;
  return patch.field !== "capDrop" || view.capDrop.length === 0;
}

/** `--privileged` says that setuid programs may do what they like, too. */
function asksAll(patch: ContainerPatch, { privileged }: Container): boolean {
  return patch.field === "noNewPrivileges" && valueOr(privileged, false);
}
