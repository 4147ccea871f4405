import { resolve } from "node:path";
import { itemsOf, recordAt, textsOf } from "../base/json.ts";
import { mergeSteps } from "../fix/plan/merge.ts";
import type { Step } from "../fix/plan/step.ts";
import type { PlannedStep } from "../fix/verify/source.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { ContainerPatch } from "../model/patch.ts";
import type { Baseline } from "../trial/compare/baseline.ts";
import type { TrialVerdict } from "../trial/compare/judge.ts";
import type { ComposeDocument } from "../trial/compose-config.ts";
import { largestSet } from "../trial/largest.ts";
import { noRun, type TrialRun } from "../trial/run.ts";
import { dependentsOf, type RunLook, type Session, type SessionOptions } from "../trial/session.ts";
import { learntAppArmor } from "./apparmor/learnt.ts";
import { type Draft, draftOf, type ServiceKnowledge, tracedOf, whyNot } from "./draft.ts";
import type { BrokenStep, Learnt, VolumeMount } from "./learnt.ts";
import { isPlainUser } from "./observe/users.ts";
import { changeAfter, type Grants, minimalSet } from "./plan/fit.ts";
import { capabilitiesOf, stepsFor, type Wish } from "./plan/steps.ts";
import { type LearnRequest, type ShownNeeds, sayEarlier } from "./request.ts";

type TrialResult = Omit<
  Learnt,
  "isUnsteady" | "check" | "isLoaded" | "untraced" | "profiles" | "starts" | "seconds"
>;

interface LearnSession {
  readonly request: LearnRequest;
  readonly serviceOf: (plan: Planned) => string;
  readonly session: Session;
  readonly baseline: Baseline;
  readonly options: SessionOptions;
  readonly isLoaded: boolean;
  readonly document: ComposeDocument;
  /** Writes a text aside, and gives its path. */
  readonly keep: (text: string) => string;
}

type TriedRun = TrialVerdict & { readonly run: TrialRun };

/** Runs that are made at once: most of a run is waiting. */
const atOnce = 4;

/** Finds by runs what services need, from what was seen of them. */
export function trialsOf(
  plans: readonly Planned[],
  known: ReadonlyMap<string, ServiceKnowledge>,
  { request, serviceOf, session, baseline, options, isLoaded, document, keep }: LearnSession,
): {
  readonly run: () => Promise<readonly TrialResult[]>;
  /** What the trials showed of one; undefined where nothing was tried. */
  readonly shown: (plan: Planned) => ShownNeeds | undefined;
} {
  const drafts = plans.flatMap((plan): Draft[] => {
    const draft = draftOf(plan, serviceOf(plan), known, request.profiles);
    return draft ? [{ ...draft, place: draft.seccomp && keep(draft.seccomp.text) }] : [];
  });
  const left = new Map<string, Omit<BrokenStep, "step"> & { readonly step: Step }>();
  /** Steps that are left without a trial of this run. */
  const untried = new Set<string>();

  /** Services whose result did not hold, with why. */
  const failures = new Map<string, string>();

  /** The last run. */
  let latest: { readonly steps: string; readonly works: boolean } | undefined;

  const hasData = ({ seen }: Draft) => (seen.places?.data ?? []).length > 0;
  const width = options.allow.length === 0 ? atOnce : 1;
  /** Runs that left out one capability each. */
  let leftOut = 0;
  const roundsWithout = () => Math.ceil(drafts.flatMap(openOf).length / width) - Math.floor(leftOut / width);

  /** In their order, with the fewest runs one after the other that each still takes. */
  const phases: readonly { readonly work: () => Promise<void>; readonly least: () => number }[] = [
    { work: settle, least: () => 1 },
    { work: eliminate, least: roundsWithout },
    { work: tryVolumes, least: () => drafts.filter(hasData).length },
    { work: confirm, least: () => (drafts.some(hasData) || request.watchFor !== undefined ? 1 : 0) },
  ];
  let phase = 0;

  return {
    async run() {
      await refuse();
      for (const [at, { work }] of phases.entries()) {
        phase = at;
        if (!options.signal.aborted || work === confirm) await work();
      }
      return plans.map((plan): TrialResult => {
        const draft = drafts.find((each) => each.plan === plan);
        return draft ? foundOf(draft, failures.get(draft.service)) : unseen(plan);
      });
    },
    shown(plan) {
      const draft = drafts.find((each) => each.plan === plan);
      if (!draft) return undefined;
      const own = [...left].filter(([key]) => key.startsWith(`${plan.subject.id} `) && !untried.has(key));
      return {
        needed: new Map([...draft.needed].filter(([name]) => !isKnownNeed(draft, name))),
        whyNotUser: whyNot(draft.shown) === undefined ? draft.whyNotUser : undefined,
        broken: new Map(own.map(([, { step, reason, evidence }]) => [step.keys[0], { reason, evidence }])),
      };
    },
  };

  /** Of this run and those that must follow it. More do where one fails, or where several capabilities go together. */
  function secondsLeft(): number {
    const later = phases.slice(phase + 1).reduce((sum, { least }) => sum + least(), 0);
    const runs = Math.max(1, phases[phase]?.least() ?? 0) + later;
    return runs * session.secondsPerRun() + Math.round((request.watchFor ?? 0) / 1000);
  }

  function wishOf(draft: Draft): Wish {
    const { hostCpus, limitsDisks } = request;
    return { ...draft, isLoaded, hostCpus, limitsDisks, seccomp: draft.seccomp?.path };
  }

  function stepsOf(draft: Draft): readonly Step[] {
    const learnt = stepsFor(wishOf(draft));
    const others = draft.plan.steps.filter(
      ({ controls: [own] }) => !learnt.some(({ controls }) => own !== undefined && controls.includes(own)),
    );
    return mergeSteps([...learnt, ...others]).filter(
      ({ controls }) => !controls.some((control) => request.skip.includes(control)),
    );
  }

  /**
   * Runs exactly what is written, unless the last run was that. A failure is tried once more: a busy machine may fail one. Then it
   * costs the service that differs and what depends on it, and the others' result is run again.
   */
  async function confirm(): Promise<void> {
    const isTried = latest?.works === true && latest.steps === spellSteps(planned());
    let isOpen = !isTried || request.watchFor !== undefined;
    while (isOpen && !options.signal.aborted && failures.size < drafts.length) {
      const look = { settle: request.watchFor };
      const first = await attempt("the result, once more", look);
      const last =
        first.works || options.signal.aborted ? first : await attempt("the result, a second time", look);
      isOpen = !last.works;
      if (last.works || options.signal.aborted) return;
      const names = drafts.map(({ service }) => service).filter((name) => !failures.has(name));
      const own = last.culprit === undefined ? names : dependentsOf(document, last.culprit, names);
      for (const name of own.length > 0 ? own : names) {
        failures.set(name, `the result held once, and not twice when it was tried again: ${last.reason}`);
      }
    }
  }

  function planned(): readonly Planned[] {
    return drafts.map((draft) => ({
      ...draft.plan,
      steps: (failures.has(draft.service) ? [] : stepsOf(draft)).filter(
        (step) => !left.has(keyOf(draft.plan, step)),
      ),
    }));
  }

  /**
   * Steps that the writers cannot write are not tried, nor is a root without the data that is on it, nor no-new-privileges where
   * the image has programs that it disarms, nor what broke an earlier run.
   */
  async function refuse(): Promise<void> {
    for (const draft of drafts) {
      const data = draft.seen.places?.data ?? [];
      const step = stepsOf(draft).find(({ keys }) => keys[0] === rootKey);
      if (!step || data.length === 0) continue;
      const where = data.map(({ path }) => path).join(", ");
      const reason = `it writes to ${where}, which may be data: that needs a named volume first`;
      leaveUntried(draft.plan, step, { reason, evidence: [] });
    }
    for (const draft of drafts) {
      const gains = draft.seen.gains ?? [];
      const step = stepsOf(draft).find(({ controls }) => controls[0] === "no-new-privileges");
      if (!step || gains.length === 0) continue;
      const names = gains.slice(0, 4).map(({ path }) => path);
      const more = gains.length > names.length ? ` and ${gains.length - names.length} more` : "";
      const reason = `its image has ${names.join(", ")}${more}, setuid or with capabilities: a run does not show that the workload never needs them. If you know that it does not, bulkhead fix --accept no-new-privileges sets it`;
      leaveUntried(draft.plan, step, { reason, evidence: [] });
    }
    for (const draft of drafts) {
      for (const step of stepsOf(draft)) {
        const earlier = draft.shown.broken.get(step.keys[0]);
        if (!earlier || left.has(keyOf(draft.plan, step))) continue;
        leaveUntried(draft.plan, step, { ...earlier, reason: sayEarlier(earlier.reason) });
      }
    }
    const all = planned();
    for (const [step, reason] of await request.sourceOf(all).refused()) {
      const plan = all.find(({ steps }) => steps.includes(step));
      if (plan) leaveUntried(plan, step, { reason: `it cannot be written: ${reason}`, evidence: [] });
    }
  }

  function leaveUntried(plan: Planned, step: Step, why: Omit<BrokenStep, "step">): void {
    untried.add(keyOf(plan, step));
    left.set(keyOf(plan, step), { step, ...why });
  }

  async function attempt(what: string, look?: RunLook): Promise<TriedRun> {
    return await attemptWith(what, planned(), look);
  }

  async function attemptWith(
    what: string,
    some: readonly Planned[],
    look?: RunLook,
    change: (document: ComposeDocument) => ComposeDocument = (document) => document,
  ): Promise<TriedRun> {
    await options.progress(`run ${session.starts() + 1}: ${what}; ${secondsLeft()} s left if it holds`);
    const steps = some.flatMap((plan) => plan.steps.map((step): PlannedStep => ({ plan, step })));
    const document = await request.sourceOf(some).document(steps);
    if (document.ok) {
      const tried = await session.run(change(withProfiles(document.value)), baseline, look);
      latest = { steps: spellSteps(some), works: tried.works };
      return tried;
    }
    return { works: false, reason: document.reason, evidence: [], causes: [], run: noRun };
  }

  /** Gives back what a failing run asks for, until it works. What no grant helps is found by leaving steps out. */
  async function settle(): Promise<void> {
    for (;;) {
      const tried = await attempt("what was seen to be enough");
      if (tried.works || options.signal.aborted) return;
      const culprit = tried.run.failure?.service ?? tried.causes[0]?.service;
      const change = changeAfter(tried.causes, culprit, drafts.map(grantsOf));
      const draft = drafts.find(({ service }) => service === change?.service);
      if (!change || !draft) break;
      if (change.kind === "capabilities") draft.capabilities = [...draft.capabilities, ...change.add];
      else if (change.kind === "scratch") draft.scratch = [...draft.scratch, change.path];
      else if (change.kind === "user") {
        draft.user = undefined;
        draft.whyNotUser = tried.reason;
        draft.capabilities = tracedOf(draft.view, draft);
      } else leave(draft, change.control, tried);
    }
    await leaveOut();
    await retryUsers();
  }

  function grantsOf(draft: Draft): Grants {
    const { service, user, capabilities, view, seen, scratch } = draft;
    const steps = stepsOf(draft).filter((step) => !left.has(keyOf(draft.plan, step)));
    return {
      ...{ service, capabilities, scratch },
      hasUser: user !== undefined,
      before: user || isPlainUser(seen.startsAs) ? [] : capabilitiesOf(view),
      controls: steps.flatMap(({ controls }) => controls),
    };
  }

  function leave(draft: Draft, control: string, { reason, evidence }: TriedRun): void {
    const step = stepsOf(draft).find(
      (each) => each.controls.includes(control) && !left.has(keyOf(draft.plan, each)),
    );
    if (step) left.set(keyOf(draft.plan, step), { step, reason: reason ?? "", evidence });
  }

  async function leaveOut(): Promise<void> {
    const all = planned();
    const steps = all.flatMap((plan) => plan.steps.map((step): PlannedStep => ({ plan, step })));
    const reasons: TriedRun[] = [];
    const { broken } = await largestSet(steps, async (chosen) => {
      if (options.signal.aborted) return { works: true, suspects: [] };
      const some = all.map((plan) => ({
        ...plan,
        steps: plan.steps.filter((step) => chosen.some((each) => each.step === step)),
      }));
      const tried = await attemptWith(`${chosen.length} of ${steps.length} steps`, some);
      reasons.push(tried);
      const suspects = tried.causes.flatMap(({ service, suspects: controls }) =>
        controls.flatMap((control) =>
          chosen.filter(({ plan, step }) => serviceOf(plan) === service && step.controls.includes(control)),
        ),
      );
      return { works: tried.works, suspects };
    });
    for (const [{ plan, step }, place] of broken) {
      const { reason, evidence } = reasons[place] ?? { reason: undefined, evidence: [] };
      left.set(keyOf(plan, step), { step, reason: reason ?? "it does not work with it", evidence });
    }
  }

  /** Another step may have been to blame for what failed as another user. */
  async function retryUsers(): Promise<void> {
    const retried = drafts.filter(({ candidate, user, shown }) => candidate && !user && !whyNot(shown));
    if (retried.length === 0 || left.size === 0 || options.signal.aborted) return;
    const before = retried.map(({ capabilities }) => capabilities);
    for (const draft of retried) Object.assign(draft, { user: draft.candidate, capabilities: [] });
    const tried = await attempt("another user, once more");
    for (const [at, draft] of retried.entries()) {
      if (tried.works) draft.whyNotUser = undefined;
      else Object.assign(draft, { user: undefined, capabilities: before[at] });
    }
  }

  function dropsCapabilities({ plan }: Draft): boolean {
    return !left.has(`${plan.subject.id} learn capabilities-drop`);
  }

  /** The capabilities of which a run shows whether it needs them. */
  function openOf(draft: Draft): readonly string[] {
    return dropsCapabilities(draft) ? draft.capabilities.filter((name) => !isKnownNeed(draft, name)) : [];
  }

  async function eliminate(): Promise<void> {
    const open = drafts.filter(dropsCapabilities);
    const knownOf = (draft: Draft) => draft.capabilities.filter((name) => isKnownNeed(draft, name));
    const members = drafts.flatMap((draft) => openOf(draft).map((name) => ({ draft, name })));
    const { needed } = await minimalSet(
      members,
      async (kept) => {
        if (options.signal.aborted) return { works: true, reason: undefined };
        const some = drafts.map((draft) => {
          const own = kept.filter((each) => each.draft === draft).map(({ name }) => name);
          const capabilities = [...knownOf(draft), ...own];
          const steps = stepsOf({ ...draft, capabilities });
          return { ...draft.plan, steps: steps.filter((step) => !left.has(keyOf(draft.plan, step))) };
        });
        const what = `without ${members.length - kept.length} of ${members.length} capabilities`;
        const tried = attemptWith(what, some);
        leftOut += 1;
        const first = await tried;
        // A failure that no refusal explains may be chance.
        if (
          first.works ||
          first.causes.some(
            ({ capability, kind }) =>
              capability !== undefined || kind === "denied" || kind === "notPermitted",
          )
        )
          return first;
        return await attemptWith(what, some);
      },
      width,
    );
    if (options.signal.aborted) return;
    for (const draft of open) {
      const own = members.filter((member) => member.draft === draft && needed.has(member));
      draft.needed = new Map([
        ...knownOf(draft).map((name) => {
          const earlier = draft.shown.needed.get(name);
          const kept = draft.seen.asked === undefined ? whyKeptUnseen : whyKept;
          return [name, earlier === undefined ? kept : sayEarlier(earlier)] as const;
        }),
        ...own.map((member) => [member.name, whyOf(member.name, needed.get(member) ?? "")] as const),
      ]);
      draft.capabilities = [...draft.needed.keys()];
    }
  }

  /** The profiles are not beside the file yet: a trial takes them from its temporary folder. */
  function withProfiles(document: ComposeDocument): ComposeDocument {
    const { folder } = document;
    const services = Object.entries(document.services).map(([name, service]) => {
      const { seccomp, place } = drafts.find((draft) => draft.service === name) ?? {};
      if (!seccomp || place === undefined) return [name, service] as const;
      const options = textsOf(service.security_opt).map((option) =>
        /^seccomp[:=]/.test(option) &&
        resolve(folder, option.slice("seccomp=".length)) === resolve(folder, seccomp.path)
          ? `seccomp=${place}`
          : option,
      );
      return [name, { ...service, ...(options.length > 0 && { security_opt: options }) }] as const;
    });
    return { ...document, services: Object.fromEntries(services) };
  }

  /** A volume for the data is for the user to decide. Whether it works with one, and a read-only root, is tried. */
  async function tryVolumes(): Promise<void> {
    for (const draft of drafts.filter(hasData)) {
      const data = draft.seen.places?.data ?? [];
      const mounts = data.map(({ path }) => ({
        name: `${draft.service}${path.replaceAll("/", "-")}`,
        target: path,
      }));
      const some = drafts.map((each) => {
        const isOwn = (step: Step) => each === draft && step.keys[0] === rootKey;
        const steps = stepsOf(each).filter((step) => isOwn(step) || !left.has(keyOf(each.plan, step)));
        return { ...each.plan, steps };
      });
      const { works, reason } = await attemptWith("with a volume for its data", some, undefined, (document) =>
        withVolumes(document, draft.service, mounts),
      );
      draft.volumes = { mounts, works, reason };
    }
  }

  function appArmorOf({ service, view, seen, capabilities }: Draft, steps: readonly Step[]) {
    if (request.skip.includes("apparmor-profile")) return undefined;
    const { profiles } = request;
    const place = { path: profiles.pathOf("apparmor", service), name: profiles.appArmorName(service) };
    const drops = steps.some(({ controls }) => controls.includes("capabilities-drop"));
    // The subject is a container, so its plan holds patches of containers.
    const patches = steps.flatMap((step) => step.patches) as readonly ContainerPatch[];
    return learntAppArmor(place, view, seen, drops ? capabilities : capabilitiesOf(view), patches);
  }

  function foundOf(draft: Draft, failure: string | undefined): TrialResult {
    const { plan, seen, view, needed, candidate, whyNotUser } = draft;
    const broken = [...left].filter(([key]) => key.startsWith(`${plan.subject.id} `)).map(([, each]) => each);
    const steps = stepsOf(draft).filter((step) => !left.has(keyOf(plan, step)));
    return {
      plan: { ...plan, steps: failure === undefined ? steps : [] },
      failure,
      seen,
      capabilities: { before: capabilitiesOf(view), needed },
      user: { candidate, reason: whyNotUser },
      volumes: draft.volumes,
      seccomp: steps.some(({ patches }) => patches.some(({ field }) => field === "seccomp"))
        ? draft.seccomp
        : undefined,
      apparmor: failure === undefined ? appArmorOf(draft, steps) : undefined,
      broken,
    };
  }
}

function unseen(plan: Planned): TrialResult {
  return {
    plan: { ...plan, steps: [] },
    failure: "its container could not be looked at: learn needs an Engine on this machine, and root",
    seen: undefined,
    capabilities: { before: [], needed: new Map() },
    user: { candidate: undefined, reason: undefined },
    seccomp: undefined,
    apparmor: undefined,
    volumes: undefined,
    broken: [],
  };
}

/** What signals processes of other users needs: a run shows the signal, and seldom the reload or restart that waits for its effect. */
const signals = "KILL";
const whyKept =
  "it sent a signal to another user's process: reloads and restarts do, and a run need not show one";

function isKnownNeed({ shown, seen }: Draft, name: string): boolean {
  return shown.needed.has(name) || (name === signals && (seen.asked?.granted.has(signals) ?? true));
}

const whyKeptUnseen =
  "reloads and restarts may signal another user's process; which capabilities it used was not traced";

const rootKey = "learn read-only-rootfs";

/** The project with named volumes mounted into a service. */
function withVolumes(
  document: ComposeDocument,
  service: string,
  mounts: readonly VolumeMount[],
): ComposeDocument {
  const own = document.services[service] ?? {};
  const more = mounts.map(({ name, target }) => ({ type: "volume", source: name, target }));
  const declared = Object.fromEntries(mounts.map(({ name }) => [name, {}]));
  return {
    ...document,
    services: { ...document.services, [service]: { ...own, volumes: [...itemsOf(own.volumes), ...more] } },
    rest: { ...document.rest, volumes: { ...recordAt(document.rest, "volumes"), ...declared } },
  };
}

/** What the plans change, so that two of them can be compared. */
function spellSteps(plans: readonly Planned[]): string {
  return JSON.stringify(plans.map(({ steps }) => steps.map(({ patches }) => patches)));
}

function keyOf(plan: Planned, step: Step): string {
  return `${plan.subject.id} ${step.keys[0]}`;
}

/** A log names the call that failed. Which capability was missing is known better here. */
function whyOf(capability: string, reason: string): string {
  const named = /, needs (\w+)$/.exec(reason);
  return named && named[1] !== capability ? reason.slice(0, named.index) : reason;
}
