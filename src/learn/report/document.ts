import { visible } from "../../base/visible.ts";
import { wrap } from "../../base/width.ts";
import type { Look } from "../../fix/describe.ts";
import { hiding } from "../../fix/outcome.ts";
import type { Learnt } from "../learnt.ts";
import type { Places, WrittenFolder } from "../observe/places.ts";
import { isPlainUser } from "../observe/users.ts";
import { headRoom, isSilent, limitsFrom, tmpfsSize } from "../plan/steps.ts";

/** The document that `bulkhead learn --format json` prints; its shape is a public interface. */
export function learntDocument(
  all: readonly Learnt[],
  hostCpus: number | undefined,
): { readonly schemaVersion: 1; readonly workloads: readonly object[] } {
  return { schemaVersion: 1, workloads: all.map((each) => hidden(workload(each, hostCpus), each)) };
}

/** Reasons and evidence quote what programs write, and a program may write its password. */
function hidden(document: object, { plan }: Learnt): object {
  const hide = hiding(plan.subject);
  return JSON.parse(
    JSON.stringify(document, (_, value: unknown) => (typeof value === "string" ? hide(value) : value)),
  );
}

function workload(learnt: Learnt, hostCpus: number | undefined): object {
  const { plan, failure, isUnsteady, check, seen, isLoaded, capabilities, user, broken } = learnt;
  return {
    subject: plan.subject.id,
    verified: failure === undefined,
    steady: !isUnsteady,
    reason: failure ?? null,
    check,
    loaded: isLoaded,
    capabilities: {
      before: capabilities.before,
      traced: learnt.untraced === undefined,
      untraced: learnt.untraced ?? null,
      used: isPlainUser(seen?.startsAs ?? "") ? [] : [...(seen?.asked?.granted.keys() ?? [])],
      deniedWithoutHarm: deniedWithoutHarm(learnt),
      needed: [...capabilities.needed].map(([name, reason]) => ({ name, reason })),
    },
    user: {
      startsAs: seen?.startsAs ?? null,
      endsAs: user.candidate ?? null,
      canStartAsIt: user.candidate ? user.reason === undefined : null,
      reason: user.reason ?? null,
    },
    files: writtenPlaces(seen?.places),
    seccomp: learnt.seccomp
      ? {
          path: learnt.seccomp.path,
          calls: learnt.seccomp.names,
          refusedWithoutHarm: learnt.seccomp.refused,
          socketFamilies: learnt.seccomp.families ?? null,
          widerThanDockers: learnt.seccomp.wider,
        }
      : null,
    apparmor: apparmor(learnt),
    volumes: learnt.volumes ? { ...learnt.volumes, reason: learnt.volumes.reason ?? null } : null,
    limits: seen ? { peaks: seen.peaks, headRoom, ...limitsFrom(seen.peaks, hostCpus) } : null,
    network: seen ? { listens: seen.listens, ...seen.network, silent: isSilent(seen) } : null,
    steps: [
      ...plan.steps.map(({ controls, summary }) => ({ controls, summary, outcome: "holds", reason: null })),
      ...broken.map(({ step, reason, evidence }) => ({
        ...{ controls: step.controls, summary: step.summary, outcome: "breaks", reason, evidence },
      })),
    ],
    starts: learnt.starts,
    seconds: learnt.seconds,
  };
}

function apparmor({ apparmor: profile }: Learnt): object | null {
  if (!profile) return null;
  const { path, name, parsed, runsHere } = profile;
  return { path, name, parsed: parsed.ok ?? null, reason: parsed.reason ?? null, runsHere, tried: false };
}

/** What it asked for and was refused while it worked untouched. */
export function deniedWithoutHarm({ seen, capabilities: { before } }: Learnt): readonly string[] {
  return [...(seen?.asked?.denied ?? [])].filter((name) => !before.includes(name)).toSorted();
}

/** Where it writes; `tmpfs` is the size in bytes that learn gives it. */
export function writtenPlaces(
  { scratch, data, among }: Places = { scratch: [], data: [], among: [] },
): object {
  return {
    scratch: scratch.map((place) => ({ ...placed(place), tmpfs: tmpfsSize(place.bytes) })),
    data: data.map(placed),
    amongTheImages: among,
  };
}

function placed({ path, uid, gid, mode, bytes, written }: WrittenFolder): object {
  return { path, uid: uid ?? null, gid: gid ?? null, mode: mode?.toString(8) ?? null, bytes, written };
}

/** 0 verified, 1 something that was tried broke, 2 not learnt. */
export function learntStatus(all: readonly Learnt[]): 0 | 1 | 2 {
  if (all.some(({ failure }) => failure !== undefined)) return 2;
  return all.some(({ broken }) => broken.length > 0) ? 1 : 0;
}

const indent = " ".repeat(16);

/** Lines behind a name, wrapped to the width. */
export function row(name: string, lines: readonly string[], { width }: Look): readonly string[] {
  const wrapped = lines.flatMap((line) => wrap(visible(line), Math.max(40, width - indent.length)));
  return wrapped.map((line, at) => `${at === 0 ? `  ${name}`.padEnd(indent.length) : indent}${line}\n`);
}
