import type { Rules } from "../../audit/evaluate.ts";
import type { Context } from "../../controls/control.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { writeCreateRequest } from "../../formats/create-request/write.ts";
import { flagsOfScalar } from "../../formats/run-command/write/flag-texts.ts";
import { valueOr } from "../../model/fact.ts";
import { isUpdatable, keyOf, type ScalarFact, scalarFacts } from "../../model/facts/table.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { ContainerSubject, Subject } from "../../model/subject.ts";
import type { Bundles, ImageIdentity } from "../bundle/bundle.ts";
import { needsOf, withSeen } from "../plan/kinds.ts";
import type { Limits } from "../plan/limits.ts";
import type { Needs } from "../plan/needs.ts";
import { type PlanRequest, planFixes } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { CreateBody } from "./create-body.ts";

export interface LivePlan {
  /** What the Engine changes while it runs. */
  readonly live: readonly Step[];
  readonly update: Readonly<Record<string, number | string>>;
  /** What takes a new container. */
  readonly anew: readonly Step[];
  /** The request for one, with every step made. */
  readonly hardened: CreateBody;
  readonly advice: readonly Step[];
  /** Decisions that nobody has made yet. */
  readonly open: readonly Step[];
  readonly refused: readonly { readonly step: Step; readonly reason: string }[];
}

interface LivePlanRequest {
  /** As configured. */
  readonly subject: ContainerSubject;
  readonly context: Context;
  readonly rules: Rules;
  readonly takes: PlanRequest["takes"];
  readonly limits: Limits;
  /** The programs of its image that give more rights; undefined where its files cannot be seen from here. */
  readonly gains?: Needs["gains"];
  readonly body: CreateBody;
  readonly bundles: Pick<Bundles, "needsOf">;
  /** The image that it was made from; undefined where the Engine has it no more. */
  readonly image: ImageIdentity | undefined;
}

/** Sorts what hardens a container by what the Engine can do of it on the run. Pure. */
export function planLive(request: LivePlanRequest): LivePlan {
  const { subject, context, rules, takes, limits, gains, body, bundles, image } = request;
  // A bundle knows how a container was started by what replaced the image's own words: the Engine shows both as one.
  const shown = image && bundles.needsOf(image, readCreateRequest(body.body));
  const needs = (each: Subject) => withSeen(shown ?? needsOf(each), undefined, gains);
  const { steps, open } = planFixes({ subject, context }, { rules, takes, limits, needs });
  const made = steps.filter(({ patches }) => patches.length > 0);
  const advice = steps.filter(({ patches }) => patches.length === 0);
  const refused: { step: Step; reason: string }[] = [];
  const taken: Step[] = [];
  let document: unknown = body.body;
  for (const step of made) {
    const written = writeCreateRequest(document, patchesOf(step));
    const [first] = written.refused;
    if (first) refused.push({ step, reason: first.reason });
    else {
      taken.push(step);
      document = written.document;
    }
  }
  const live = taken.filter((step) => patchesOf(step).every(isLive));
  const view = subject.views[0];
  const memorySwap = view ? valueOr(view.memorySwap, 0) : 0;
  return {
    live,
    update: updateOf(live.flatMap(patchesOf), { memorySwap }),
    anew: taken.filter((step) => !live.includes(step)),
    hardened: { ...body, body: document as CreateBody["body"] },
    advice,
    open,
    refused,
  };
}

/** The subject is a container, so its plan holds patches of containers. */
function patchesOf({ patches }: Step): readonly ContainerPatch[] {
  return patches as readonly ContainerPatch[];
}

/** Whether `docker update` can make it. */
function isLive(patch: ContainerPatch): boolean {
  return patch.op === "set" && isUpdatable(patch.field);
}

/**
 * The body of `POST /containers/ID/update`. A memory limit brings its swap along where none is set, since the Engine
 * refuses one above the other: twice the memory in all, as for a new container.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerUpdate
 */
export function updateOf(
  patches: readonly ContainerPatch[],
  before: { readonly memorySwap: number },
): Readonly<Record<string, number | string>> {
  const body: Record<string, number | string> = {};
  for (const patch of patches) {
    if (patch.op !== "set" || !isUpdatable(patch.field)) continue;
    body[memberOf(patch.field)] = patch.value as number | string;
  }
  const { Memory: memory } = body;
  if (typeof memory === "number" && body.MemorySwap === undefined && before.memorySwap === 0) {
    body.MemorySwap = 2 * memory;
  }
  return body;
}

/** An update is a HostConfig without its name. */
function memberOf(field: ScalarFact): string {
  return keyOf(field, "api")?.replace("HostConfig.", "") ?? field;
}

/** The same for a person's hands: `docker update --pids-limit 100 web`. */
export function updateWords(
  body: Readonly<Record<string, number | string>>,
  name: string,
): readonly string[] {
  const flags = scalarFacts.filter(isUpdatable).flatMap((field) => {
    const value = body[memberOf(field)];
    const spelled = value === undefined ? undefined : flagsOfScalar(field, value as never);
    return spelled?.ok ? spelled.value.flatMap((flag) => [`--${flag.name}`, flag.value ?? ""]) : [];
  });
  return ["docker", "update", ...flags, name];
}
