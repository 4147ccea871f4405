import type { Rules } from "../../../audit/evaluate.ts";
import { startingUser } from "../../../controls/users/starting-user.ts";
import { identityOf, noBundles } from "../../../fix/bundle/bundle.ts";
import { needsByBundle } from "../../../fix/plan/kinds.ts";
import type { Needs } from "../../../fix/plan/needs.ts";
import { planFixes, takesAll } from "../../../fix/plan/plan.ts";
import { writeCreateRequest } from "../../../formats/create-request/write.ts";
import { spellRunPatch } from "../../../formats/run-command/spell.ts";
import type { Container } from "../../../model/container.ts";
import { unset } from "../../../model/fact.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import { chosenControls, subjectOf } from "../policy/control-reasons.ts";
import { isAllowed } from "../policy/rules.ts";
import { hardenWhereKnown } from "../policy/treatment.ts";
import type { Answer, Change, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { contextOf } from "./known.ts";

export interface Hardened {
  readonly body: unknown;
  /** What the body asks for then. */
  readonly view: Container;
  readonly changes: readonly Change[];
  readonly reasons: readonly Reason[];
}

/**
 * Each change is compared with every item that the body already has, so their number bounds the time. An ordinary
 * request needs about ten.
 */
const mostChanges = 64;

/**
 * Writes into the body of a create request what the controls that harden find missing. `read` is the body as it was read,
 * `view` that with what is known of it, and without what the policy allows.
 */
export function harden(
  body: unknown,
  read: Container,
  view: Container,
  image: Answer,
  context: CheckContext,
): Hardened {
  const { policy } = context;
  const seen = contextOf(context);
  // What an old Engine does not say of itself, the guard gives to be sure.
  const isOpen = seen.engine?.noNewPrivileges.state === "unresolved";
  const engine = seen.engine && isOpen ? { ...seen.engine, noNewPrivileges: unset } : seen.engine;
  const controlContext = { ...seen, engine };
  const subject = subjectOf(view);
  // A volume would be an object that belongs to nobody: the guard gives only what goes with the container.
  const identity = image.state === "found" ? identityOf(image.document) : undefined;
  const known = needsByBundle(subject, policy.bundles ?? noBundles, identity);
  const needs = known && { ...known, onlyTmpfs: true };
  const plan = planFixes(
    { subject, context: controlContext },
    {
      rules: rulesFor(view, needs, context),
      takes: takesAll,
      limits: policy.limits,
      needs: () => needs,
    },
  );
  const changes = plan.steps.flatMap(({ controls, patches }) =>
    patches.map((patch): Change => {
      const made = patch as ContainerPatch;
      return {
        control: controls[0] ?? "",
        patch: made,
        flag: spellRunPatch(made),
        replaced: isReplaced(view, made),
      };
    }),
  );
  if (changes.length === 0) return { body, view: read, changes, reasons: [] };
  if (changes.length > mostChanges) {
    const message = `needs ${changes.length} changes to be hardened, and ${mostChanges} is the limit: the first is ${changes[0]?.flag}`;
    return { body, view: read, changes: [], reasons: [{ rule: "guard-harden", message }] };
  }
  const explicit = changes.filter(({ replaced }) => replaced);
  if (policy.override === "deny" && explicit.length > 0 && !isAllowed(policy, "guard-override")) {
    return { body, view: read, changes: [], reasons: explicit.map(refusal) };
  }
  const written = writeCreateRequest(
    body,
    changes.map(({ patch }) => patch),
    read,
  );
  const reasons = written.refused.map(({ patch, reason }) => ({
    rule: "guard-harden",
    message: `cannot be given ${spellRunPatch(patch)}: ${reason}`,
  }));
  return { body: written.document, view: written.view, changes, reasons };
}

function refusal({ control, flag }: Change): Reason {
  return {
    rule: "guard-override",
    message: `asks for what ${control} does not let pass, and the policy replaces nothing: ${flag}`,
    allow: { list: "controls", value: control },
  };
}

/** Of the controls that harden those that do not need to know more of the image than is known. */
function rulesFor(view: Container, needs: Needs | undefined, { policy }: CheckContext): Rules {
  const spared = new Set(
    [...hardenWhereKnown].filter(
      (id) => !policy.controls.hardenUnknown?.has(id) && !isKnownEnough(id, view, needs),
    ),
  );
  const chosen = chosenControls(policy).harden;
  return {
    controls: chosen.filter(({ id }) => !spared.has(id)),
    ignores: [],
    severities: {},
    today: "",
    spell: () => null,
  };
}

function isKnownEnough(id: string, view: Container, needs: Needs | undefined): boolean {
  if (id === "read-only-rootfs") return needs?.writablePaths !== undefined;
  if (id === "capabilities-drop") return needs?.capabilities !== undefined;
  // A user of the guard's choice owns none of the workload's files; the image's own user, which somebody took away, does.
  const starting = startingUser(view);
  const isTakenAway = view.user.state === "set" && starting.known && starting.isRoot;
  return isTakenAway && view.imageUser.state === "set" && !isRootUser(view.imageUser.value);
}

function isRootUser(user: string): boolean {
  return /^(?:|0+|root)(?::.*)?$/.test(user);
}

/** Whether the patch takes the place of something that the client said, and not of the zero that every client sends. */
function isReplaced(view: Container, patch: ContainerPatch): boolean {
  if (patch.op === "add") return false;
  if (patch.op === "remove") return true;
  if (patch.op === "replace") return !isSizeAlone(patch);
  const fact = view[patch.field];
  if (fact.state !== "set") return false;
  if (patch.field === "noNewPrivileges") return true;
  return fact.value !== false && fact.value !== 0;
}

/** A tmpfs that gets only a size, because the request sets none. */
function isSizeAlone(patch: ContainerPatch): boolean {
  if (patch.op !== "replace" || patch.field !== "mounts") return false;
  const { value, with: after } = patch;
  if (!value.tmpfs || !after.tmpfs || value.tmpfs.size !== undefined) return false;
  return (
    JSON.stringify({ ...after, tmpfs: { ...after.tmpfs, size: undefined } }) ===
    JSON.stringify({ ...value, tmpfs: { ...value.tmpfs, size: undefined } })
  );
}
