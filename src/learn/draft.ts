import { ownArchitecture } from "../engine/system-calls.ts";
import type { Planned } from "../fix/write-plans.ts";
import type { Container } from "../model/container.ts";
import type { Learnt, LearntSeccomp } from "./learnt.ts";
import type { Observation } from "./observe/observe.ts";
import { endsAs, isPlainUser, type ProcessUser } from "./observe/users.ts";
import { capabilitiesOf, hasDockersSeccomp } from "./plan/steps.ts";
import { type ProfilePlace, type ShownNeeds, sayEarlier } from "./request.ts";
import { learntProfile } from "./seccomp/profile.ts";

/** What is known of one service before the first trial. */
export interface ServiceKnowledge {
  readonly seen: Observation;
  /** What earlier runs showed it to need. */
  readonly shown: ShownNeeds;
}

/** One service between two runs. */
export interface Draft extends ServiceKnowledge {
  readonly plan: Planned;
  readonly service: string;
  readonly view: Container;
  readonly candidate: ProcessUser | undefined;
  user: ProcessUser | undefined;
  whyNotUser: string | undefined;
  capabilities: readonly string[];
  /** Folders that a refused write showed. */
  scratch: readonly string[];
  needed: ReadonlyMap<string, string>;
  volumes: Learnt["volumes"];
  readonly seccomp: LearntSeccomp | undefined;
  /** Where its profile is while it is tried. */
  readonly place: string | undefined;
}

/** A service as the first trial begins with it; undefined where nothing was seen of it. */
export function draftOf(
  plan: Planned,
  service: string,
  all: ReadonlyMap<string, ServiceKnowledge>,
  profiles: ProfilePlace,
): Omit<Draft, "place"> | undefined {
  const view = plan.subject.kind === "container" ? plan.subject.views[0] : undefined;
  const known = all.get(service);
  if (!view || !known) return undefined;
  const { seen, shown } = known;
  const candidate = isPlainUser(seen.startsAs) ? undefined : endsAs(seen.users);
  const whyNotUser = candidate && whyNot(shown);
  const user = whyNotUser === undefined ? candidate : undefined;
  return {
    ...{ plan, service, view, seen, shown, candidate, user },
    whyNotUser: whyNotUser && sayEarlier(whyNotUser),
    capabilities: user || isPlainUser(seen.startsAs) ? [] : tracedOf(view, known),
    scratch: [],
    needed: new Map(),
    volumes: undefined,
    seccomp: seccompOf(profiles.pathOf("seccomp", service), view, seen),
  };
}

/** A profile of the calls that were seen. */
function seccompOf(path: string, view: Container, { asked }: Observation): LearntSeccomp | undefined {
  if (!asked || asked.calls.size === 0 || ownArchitecture() === undefined) return undefined;
  const profile = learntProfile(asked, hasDockersSeccomp(view));
  return { path, ...profile };
}

/** Candidates: what the kernel was seen to grant, or an earlier run needed. */
export function tracedOf(view: Container, { seen, shown }: ServiceKnowledge): readonly string[] {
  return capabilitiesOf(view).filter(
    (name) => seen.asked?.granted.has(name) === true || shown.needed.has(name),
  );
}

/** Why an earlier run could not start as another user: one without capabilities cannot have those that it needed. */
export function whyNot({ whyNotUser, needed }: ShownNeeds): string | undefined {
  const [first] = needed;
  return whyNotUser ?? (first && `without ${first[0]}: ${first[1]}`);
}
