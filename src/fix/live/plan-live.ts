import type { Rules } from "../../audit/evaluate.ts";
import type { Context } from "../../controls/control.ts";
import { writeCreateRequest } from "../../formats/create-request/write.ts";
import { valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { needsOf } from "../plan/kinds.ts";
import type { Limits } from "../plan/limits.ts";
import { type PlanRequest, planFixes } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import type { CreateBody } from "./create-body.ts";
import { isLive, updateOf } from "./update.ts";

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

export interface LivePlanRequest {
  /** As configured. */
  readonly subject: ContainerSubject;
  readonly context: Context;
  readonly rules: Rules;
  readonly takes: PlanRequest["takes"];
  readonly limits: Limits;
  readonly body: CreateBody;
}

/** Sorts what hardens a container by what the Engine can do of it on the run. Pure. */
export function planLive({ subject, context, rules, takes, limits, body }: LivePlanRequest): LivePlan {
  const { steps, open } = planFixes({ subject, context }, { rules, takes, limits, needs: needsOf });
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
