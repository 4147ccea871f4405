import { limits as compared, type Limit } from "../../controls/cgroups/limits.ts";
import type { Difference } from "../../controls/drift/differences.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { Since } from "../../model/since.ts";
import { causeOfField } from "../attribution.ts";
import type { Cause, LimitChange } from "../change.ts";

/** Reads a container again in so many milliseconds. False where the Engine cannot be asked. */
type ReadAgain = (id: string, cause: Cause, after: number) => boolean;

/** What was read of a container: its configuration, and then the kernel. */
interface DriftLook {
  readonly id: string;
  /** As findings name it: `container:web`. */
  readonly subject: string;
  readonly cause: Cause;
  /** The file of a limit that somebody wrote, where a look at it is due. */
  readonly written?: Cause | undefined;
  readonly differences: readonly Difference[];
  /** The limits that the Engine says. */
  readonly limits: string;
  /** Its first process; another one is another run. */
  readonly pid: number | undefined;
  /** When the reading of its configuration began, where this look is from one. Milliseconds of the monotonic clock. */
  readonly readAt: number | undefined;
  /** When the kernel was looked at, and when in this run before. Milliseconds since 1970. */
  readonly seenAt: number;
  readonly seenBefore: number | undefined;
}

/** Says which differences between the kernel and the Engine are no update under way. */
export interface Drifts {
  /** Those that may be told of a container now, by field. What may not yet is asked for again. */
  told(look: DriftLook): ReadonlyMap<string, Since>;
  /** What brought a difference about that was told at last for the first time: the cause of the look that saw it first. */
  causeOf(id: string): Cause | undefined;
  /** Of a container in doubt: since when an update would be to blame, in milliseconds since 1970. */
  doubtedSince(id: string): number | undefined;
  /** The Engine told that an update of the container is over. */
  updated(id: string): void;
  /** Events may have been lost: what was known of updates does not count any more. */
  missed(): void;
  keepOnly(ids: ReadonlySet<string>): void;
}

/** Milliseconds until a container that differs is read once more. */
const soon = 150;

/** Milliseconds after which an update that changed the configuration, and of whose end no event tells, is not waited for. */
const underWay = 10_000;

/** Milliseconds after which a difference goes out although updates never end. */
const longest = 60_000;

/** Milliseconds until a container is read again whose reading was lost. */
const lost = 5_000;

/** A difference. */
interface Seen {
  readonly since: Since;
  readonly cause: Cause;
  /** Milliseconds of the monotonic clock. */
  readonly first: number;
  readonly told: boolean;
}

/** With which limits of the configuration the kernel agreed, since the last update. */
interface Agreement {
  readonly limits: string;
  readonly fields: ReadonlySet<string>;
  /** When the configuration was read. Milliseconds since 1970. */
  readonly at: number;
}

interface Known {
  readonly pid: number | undefined;
  readonly limits: string;
  readonly agreed: Agreement | undefined;
  readonly fields: ReadonlyMap<string, Seen>;
  /** When an update may have begun or ended last, and when the container was asked for again. Monotonic. */
  readonly quietSince: number;
  readonly askedFor: number;
  /** The cause of what was told at last for the first time; undefined where it was told before. */
  readonly news: Cause | undefined;
}

interface Clock {
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/**
 * `docker update` changes the container's configuration first, then the kernel, and the Engine tells of its end at last (moby:
 * daemon/update.go). Anyone who looks in between sees them differ, on a busy host for seconds. So a limit is drift
 * where the configuration is the one with which the kernel agreed once, and no update ended since: then none is
 * under way. Else it waits for the update's event. What no update changes is drift once it was seen twice, with the
 * configuration read in between.
 */
export function openDrifts(
  readAgain: ReadAgain,
  remembered: ReadonlyMap<string, Readonly<Record<string, Since>>> = new Map(),
  clock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() },
): Drifts {
  const known = new Map<string, Known>();

  function agreement(before: Known | undefined, look: DriftLook, now: number): Known["agreed"] {
    const { readAt, limits } = look;
    // An update that ended while it was read may have changed what was read first.
    if (readAt === undefined || (before && before.quietSince > readAt)) return before?.agreed;
    const differing = new Set(look.differences.map(({ field }) => field));
    const earlier = before?.agreed?.limits === limits ? before.agreed : undefined;
    const fields = [...limitFields].filter((field) => !differing.has(field) || earlier?.fields.has(field));
    const isEarlier = earlier && fields.some((field) => differing.has(field));
    return { limits, fields: new Set(fields), at: isEarlier ? earlier.at : clock.wall() - (now - readAt) };
  }

  return {
    told(look) {
      const { id, cause, limits, pid, differences, readAt } = look;
      const now = clock.monotonic();
      const before = known.get(id);
      const isOther = before !== undefined && before.limits !== limits;
      const quietSince = isOther ? now : (before?.quietSince ?? Number.NEGATIVE_INFINITY);
      const agreed = agreement(before, look, now);
      const isSettled = (field: string) =>
        !limitFields.has(field) || (agreed?.limits === limits && agreed.fields.has(field));
      const isFresh = readAt !== undefined;

      function mayTell(field: string, seen: Seen | undefined): boolean {
        if (seen?.told || cause.kind === "start") return true;
        if (!seen || !isFresh || readAt < seen.first) return false;
        if (isSettled(field)) return true;
        return now - Math.max(seen.first, quietSince) >= underWay || now - seen.first >= longest;
      }

      const fields = new Map<string, Seen>();
      for (const { field } of differences) {
        const seen = before?.pid === pid ? before?.fields.get(field) : undefined;
        const told = cause.kind === "start" ? remembered.get(look.subject)?.[field] : undefined;
        const since = seen?.since ?? told ?? sinceOf(look);
        const { first = now, cause: own = causeOfField(cause, field, look.written) } = seen ?? {};
        fields.set(field, { since, cause: own, first, told: mayTell(field, seen) });
      }
      const asked = before?.askedFor ?? Number.NEGATIVE_INFINITY;
      let askedFor = isFresh && asked <= now ? Number.NEGATIVE_INFINITY : asked;
      const doubted = [...fields].filter(([, { told }]) => !told);
      if (doubted.length > 0) {
        const isWaiting = !doubted.some(([field]) => isSettled(field));
        const first = Math.min(...doubted.map(([, each]) => each.first));
        const due = isWaiting ? Math.max(first, quietSince) + underWay : now + soon;
        const wait = Math.max(soon, due - now);
        const isAsked = askedFor > now ? askedFor <= now + wait : now - askedFor < lost;
        if (!isAsked) {
          askedFor = now + wait;
          if (!readAgain(id, cause, wait))
            for (const [field, each] of doubted) fields.set(field, { ...each, told: true });
        }
      }
      const isNews = (field: string, { told }: Seen) => told && !before?.fields.get(field)?.told;
      const news = [...fields].find(([field, each]) => isNews(field, each))?.[1].cause;
      known.set(id, { pid, limits, agreed, fields, quietSince, askedFor, news });
      return new Map([...fields].flatMap(([field, { told, since }]) => (told ? [[field, since]] : [])));
    },
    causeOf: (id) => known.get(id)?.news,
    doubtedSince(id) {
      const at = known.get(id);
      if (!at?.agreed || ![...at.fields.values()].some(({ told }) => !told)) return undefined;
      return at.agreed.at;
    },
    updated(id) {
      const before = known.get(id);
      if (before) known.set(id, { ...before, agreed: undefined, quietSince: clock.monotonic() });
    },
    missed() {
      for (const [id, each] of known) known.set(id, { ...each, agreed: undefined });
    },
    keepOnly(ids) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    },
  };
}

function sinceOf({ seenAt, seenBefore }: DriftLook): Since {
  const after = seenBefore === undefined ? undefined : new Date(seenBefore).toISOString();
  return { after, seen: new Date(seenAt).toISOString() };
}

/** What `docker update` can change of a container, with the control that judges it. */
const limits = compared.filter(
  (limit): limit is Limit & { readonly control: string } => limit.control !== undefined,
);

/** The fields of a difference that `docker update` can bring about. */
const limitFields: ReadonlySet<string> = new Set(limits.map(({ field }) => field));

/** What the Engine says of these, to be compared with what it said before. */
export function limitsOf(container: Container): string {
  const facts = limits.flatMap((limit) => limit.facts.map((field) => container[field]));
  return facts.map((fact) => valueOr<unknown, string>(fact, "")).join(" ");
}

/** Which limits are others than before. */
export function changedLimits(before: Container, after: Container): readonly LimitChange[] {
  return limits.flatMap(({ field, amountIn, say }) => {
    const [was, is] = [amountIn(before), amountIn(after)].map((amount) =>
      amount === undefined ? none : say(amount),
    );
    return was === undefined || is === undefined || was === is ? [] : [{ field, before: was, after: is }];
  });
}

const none = "no limit";

/** A limit that is higher than before, and still one, with the control that judges it. */
export interface Loosened extends LimitChange {
  readonly control: string;
}

/** Which limits are higher than before and still limits. */
export function loosenedLimits(before: Container, after: Container): readonly Loosened[] {
  return changedLimits(before, after).flatMap((change): readonly Loosened[] => {
    const limit = limits.find(({ field }) => field === change.field);
    const [was, is] = [limit?.amountIn(before), limit?.amountIn(after)];
    const isLooser = was !== undefined && is !== undefined && is > was;
    return limit && isLooser ? [{ ...change, control: limit.control }] : [];
  });
}
