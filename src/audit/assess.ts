import { type Context, type Control, manual, type Remedy } from "../controls/control.ts";
import type { Suppression } from "../model/exemption.ts";
import { valueOr } from "../model/fact.ts";
import type { Origin } from "../model/origin.ts";
import { ofBulkheadItself, ownerOfContainer, type RootOwner, underRoot } from "../model/root-owner.ts";
import { compareSeverity, type Severity } from "../model/severity.ts";
import type { Subject, View } from "../model/subject.ts";
import type { Problem, Verdict } from "../model/verdict.ts";
import { type Ignore, ignoreOf } from "./ignores.ts";
import { decide, isHeld, judgeViews, type ViewVerdict } from "./views.ts";

/** A problem with its severity on this subject, and the ignore that silences it. */
export interface WeighedProblem extends Problem {
  readonly severity: Severity;
  readonly suppression: Suppression | undefined;
}

/** A control's verdict on a subject. Audit, fix, guard and watch all use it. */
export interface Assessment {
  readonly control: Control;
  /** The view that decides. */
  readonly view: View;
  readonly verdict: Verdict;
  /** What each view says, the strongest level first. */
  readonly views: readonly ViewVerdict[];
  /** The problems that no ignore silences, or all of them if all are silenced. Empty unless the verdict is `fail`. */
  readonly problems: readonly WeighedProblem[];
  /** How many problems are silenced, if some are not. */
  readonly silenced: number;
  /** Set where everything is silenced. */
  readonly suppression: Suppression | undefined;
  /** The worst problem's, or what the configuration sets. */
  readonly severity: Severity;
}

/** What can silence a problem or change its severity. The guard uses neither: its policy decides. */
export interface Weighing {
  readonly ignores: readonly Ignore[];
  /** Severities that the configuration sets, by control. */
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
  /** Today, YYYY-MM-DD. */
  readonly today: string;
}

export const plainWeighing: Weighing = { ignores: [], severities: {}, today: "" };

/** The control's verdict on the subject; undefined if the control does not apply to it. Pure: the same input gives the same result. */
export function assess(
  control: Control,
  subject: Subject,
  context: Context,
  weighing: Weighing,
): Assessment | undefined {
  const views = judgeViews(control, subject, context);
  const decided = decide(control, views);
  if (!decided) return undefined;
  const { view, verdict } = decided;
  const set = weighing.severities[control.id];
  const silencer = (problem: Pick<Problem, "origins">) =>
    weighing.ignores.length === 0
      ? undefined
      : ignoreOf(weighing.ignores, control.id, subject, problem, weighing.today);
  if (verdict.verdict !== "fail") {
    const suppression = verdict.verdict === "unknown" ? silencer(verdict) : undefined;
    const severity = set ?? control.severity;
    return { control, view, verdict, views, problems: [], silenced: 0, suppression, severity };
  }
  const held = view.level !== "effective" && isHeld(views) ? control.severityIfHeld : undefined;
  const owner = ownerOf(subject, view, context);
  const { isBulkhead } = subject;
  const weighed = verdict.problems.map((problem): WeighedProblem => {
    const { message, severity = control.severity } = isBulkhead
      ? ofBulkheadItself(control.id, problem)
      : underRoot(control, problem, owner);
    return { ...problem, message, severity, suppression: silencer(problem) };
  });
  const open = weighed.filter(({ suppression }) => !suppression);
  const problems = open.length > 0 ? open : weighed;
  const suppression = open.length > 0 ? undefined : weighed[0]?.suppression;
  const severity = set ?? held ?? worstOf(problems)?.severity ?? control.severity;
  const silenced = weighed.length - problems.length;
  return { control, view, verdict, views, problems, silenced, suppression, severity };
}

/** Whose root acts where the subject's uid 0 does, as far as its views and the Engine tell. */
function ownerOf(subject: Subject, view: View, { engine }: Context): RootOwner | undefined {
  if (view.kind === "image") return undefined;
  const told = view.kind === "engine" ? view.rootOwner : engine?.rootOwner;
  const owner = withNetwork(told && valueOr(told, undefined), engine);
  if (view.kind === "engine") return owner;
  const container = view.kind === "exec" ? view.container : view;
  const views = subject.kind === "container" ? subject.views : [];
  const shown = views.find((each) => each.root !== undefined)?.root ?? container.root;
  const { usernsMode } = container;
  return ownerOfContainer(shown, owner, usernsMode.state === "set" && usernsMode.value.mode === "host");
}

function withNetwork(owner: RootOwner | undefined, engine: Context["engine"]): RootOwner | undefined {
  const host = engine && valueOr(engine.rootlessHost, undefined);
  return owner && host ? { ...owner, reachesLoopback: host.loopbackOpen } : owner;
}

/** The worst problem; of several the first. */
export function worstOf(problems: readonly WeighedProblem[]): WeighedProblem | undefined {
  return worstFirst(problems)[0];
}

function worstFirst(problems: readonly WeighedProblem[]): readonly WeighedProblem[] {
  if (problems.length < 2) return problems;
  return problems.toSorted((a, b) => compareSeverity(b.severity, a.severity));
}

/** The places of the problems, the worst one's first, then those where weaker views show them too. */
export function placesOf({ control, problems, verdict, views }: Assessment): readonly Origin[] {
  if (verdict.verdict === "unknown") return verdict.origins;
  const weaker = views
    .filter((each) => each.verdict !== verdict && control.settledBy !== "effective")
    .flatMap((each) => (each.verdict.verdict === "fail" ? each.verdict.problems : []));
  const all = [...worstFirst(problems), ...weaker].flatMap(({ origins }) => origins);
  if (all.length < 2) return all;
  return [...new Map(all.map((origin) => [JSON.stringify(origin), origin])).values()];
}

/**
 * What would mend it: as each problem says, else by the view that decides. What the kernel shows of a container is mended where it is
 * configured, in the words that are written there: the kernel has other paths and options for a mount than the request for it.
 */
export function remedyOf(
  { control, view: decided, views, problems }: Assessment,
  context: Context,
): Remedy | undefined {
  const written = views.find(
    ({ view, verdict }) => view.level === "configured" && verdict.verdict === "fail",
  );
  const view = decided.level === "effective" && written ? written.view : decided;
  const advice = new Set(problems.flatMap((problem) => problem.advice ?? []));
  if (advice.size > 0) return manual(`${[...advice].join("; ")}.`);
  if (view.kind === "container") return control.remedy.container?.(view, context);
  if (view.kind === "engine") return control.remedy.engine?.(view, context);
  if (view.kind === "image") return control.remedy.image?.(view, context);
  return control.remedy.exec?.(view, context);
}
