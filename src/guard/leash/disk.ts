import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { spellBytes } from "../../formats/values/bytes.ts";
import type { Judged } from "../judge/judge.ts";
import { imageLabelOf, isOwnCache } from "../judge/policy/owner.ts";
import { fullReference } from "../judge/policy/patterns.ts";
import { ownerLabel } from "../policy/layer.ts";
import { routeOf } from "../routes/table.ts";

/** How much a leash stores, measured while it runs. */
export interface DiskMeter {
  /** Why nothing more may be stored; undefined while there is room. Looks again where the last look would refuse or failed. */
  full(): Promise<string | undefined>;
  /** Hears each decision: what it pulls counts. */
  note(judged: Judged): void;
  close(): void;
}

/** Milliseconds between two looks, and after what stores something; more where one takes long, so that the Engine has other things to do. */
const pause = { usual: 10_000, soon: 500, times: 20 };

/** What takes room at once, or gives it back; what a container writes is seen by the usual look. */
const changing: ReadonlySet<string> = new Set(
  [
    ...[
      "container-start",
      "exec-start",
      "container-archive-put",
      "image-create",
      "image-load",
      "build",
      "container-commit",
    ],
    ...[
      "container-delete",
      "container-prune",
      "image-delete",
      "image-prune",
      "volume-delete",
      "volume-prune",
    ],
  ].map((id) => routeOf(id).id),
);

/** Milliseconds after the last build that began, in which new build cache still counts as the leash's: BuildKit does not note whose it is. */
const buildsFor = 120_000;

/** So many looks in a row may fail before nothing more may be stored. */
const mostFailures = 3;

/** Above its budget by so much its containers are stopped, since nothing else keeps them from writing on. */
const stopsAt = 1.25;

export function measureDisk(
  engine: Pick<EngineClient, "get">,
  owner: string,
  most: number,
  stopAll: (why: string) => void,
): DiskMeter {
  const own = { label: ownerLabel, value: owner };
  const pulled = new Set<string>();
  const caches = { seen: new Set<string>(), own: new Set<string>(), lastBuild: -buildsFor };
  let used = 0;
  /** Why the last looks measured nothing; what an earlier one measured still counts. */
  let failures: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** The look that is under way: all who need one meanwhile share it. */
  let looking: Promise<void> | undefined;
  /** Until then a good look is used again. */
  let freshUntil = 0;
  let isClosed = false;
  /** When the next look is; something that changed during one is seen by the next. */
  let next = Number.POSITIVE_INFINITY;
  let hasChanged = false;
  /** Not before. */
  let due = 0;

  function look(): Promise<void> {
    looking ??= measure().finally(() => {
      looking = undefined;
      lookAfter(hasChanged || failures.length > 0 ? pause.soon : pause.usual);
    });
    return looking;
  }

  async function measure(): Promise<void> {
    clearTimeout(timer);
    hasChanged = false;
    next = Number.POSITIVE_INFINITY;
    const began = performance.now();
    const measured = await usedBy(engine, own, pulled, caches);
    const now = performance.now();
    failures = measured.ok ? [] : [...failures, measured.reason].slice(-mostFailures);
    if (measured.ok) used = measured.value;
    freshUntil = measured.ok ? now + Math.max(pause.soon, now - began) : 0;
    due = now + (now - began) * pause.times;
    if (used > most * stopsAt) stopAll(why() ?? "");
  }

  /** A look that is due is not put off by what changes meanwhile: a command that never rests would never be measured. */
  function lookAfter(wait: number): void {
    hasChanged ||= looking !== undefined;
    const now = performance.now();
    const at = Math.max(now + wait, due);
    if (isClosed || looking || at >= next) return;
    clearTimeout(timer);
    next = at;
    timer = setTimeout(look, at - now);
    timer.unref();
  }

  /** By the last looks. */
  function why(): string | undefined {
    if (failures.length === mostFailures) return `how much the leash stores is not known: ${failures.at(-1)}`;
    if (used <= most) return undefined;
    return `the leash stores ${spellBytes(used)} of ${spellBytes(most)} that it may: remove images, volumes or containers, or start it with --budget disk=${Math.ceil((used * 1.5) / 1024 ** 3)}g`;
  }

  const isKnown = () => failures.length === 0 && (used <= most || performance.now() < freshUntil);

  async function full(): Promise<string | undefined> {
    // One that is under way may have asked an Engine that did not answer yet.
    if (!isKnown()) await looking;
    if (!isKnown()) await look();
    return why();
  }

  void look();
  return {
    full,
    note({ route, verdict, request }) {
      if (route === undefined || verdict === "deny" || !request) return;
      if (route.id === "build") caches.lastBuild = performance.now();
      if (changing.has(route.id)) lookAfter(pause.soon);
      if (route.id !== "image-create") return;
      const name = request.query.get("fromImage")?.[0] ?? "";
      const tag = request.query.get("tag")?.[0] ?? "";
      if (name !== "")
        pulled.add(fullReference(tag === "" ? name : `${name}${tag.includes(":") ? "@" : ":"}${tag}`));
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** What is known of records of the build cache, by their ids. */
interface Caches {
  readonly seen: Set<string>;
  readonly own: Set<string>;
  readonly lastBuild: number;
}

/** Those that came while the leash built, and cache mounts by the owner in their description, are its own. */
function ownCache(
  records: readonly unknown[],
  { seen, own, lastBuild }: Caches,
  owner: Parameters<typeof isOwnCache>[1],
): readonly unknown[] {
  const builds = performance.now() - lastBuild < buildsFor;
  return records.filter((record) => {
    const id = textAt(record, "ID") ?? "";
    const isMount = textAt(record, "Type") === "exec.cachemount";
    const isOwn = isMount ? isOwnCache(record, owner) : builds && !seen.has(id);
    seen.add(id);
    if (isOwn) own.add(id);
    return own.has(id);
  });
}

/** Bytes of its containers' layers, its volumes, its build cache, and the images that it made or pulled. */
async function usedBy(
  engine: Pick<EngineClient, "get">,
  owner: { readonly label: string; readonly value: string },
  pulled: ReadonlySet<string>,
  caches: Caches,
): Promise<Result<number>> {
  const filter = `filters=${encodeURIComponent(JSON.stringify({ label: [`${owner.label}=${owner.value}`] }))}`;
  const [containers, images, usage] = await Promise.all([
    engine.get(`/containers/json?all=1&size=1&${filter}`),
    engine.get("/images/json?shared-size=1"),
    engine.get("/system/df?type=volume&type=build-cache"),
  ]);
  if (!containers.ok) return containers;
  if (!images.ok) return images;
  if (!usage.ok) return usage;
  const bytes = (value: unknown) => (typeof value === "number" && value > 0 ? value : 0);
  const sum = (items: readonly unknown[], of: (item: unknown) => number) =>
    items.reduce<number>((total, item) => total + of(item), 0);
  const isOwn = (item: unknown, label: string) => textAt(item, "Labels", label) === owner.value;
  const isStored = (image: unknown) =>
    isOwn(image, imageLabelOf(owner)) ||
    [
      ...textsOf(recordAt({ image }, "image").RepoTags),
      ...textsOf(recordAt({ image }, "image").RepoDigests),
    ].some((name) => pulled.has(fullReference(name)));
  const stored = recordAt(usage, "value");
  const volumes = itemsOf(stored.Volumes);
  return ok(
    sum(itemsOf(containers.value), (item) => bytes(recordAt({ item }, "item").SizeRw)) +
      sum(itemsOf(images.value).filter(isStored), (item) => {
        const { Size, SharedSize } = recordAt({ item }, "item");
        return bytes(Size) - bytes(SharedSize);
      }) +
      sum(
        volumes.filter((item) => isOwn(item, owner.label)),
        (item) => bytes(recordAt({ item }, "item", "UsageData").Size),
      ) +
      // A layer that an image has as well is shared.
      sum(ownCache(itemsOf(stored.BuildCache), caches, owner), (item) =>
        recordAt({ item }, "item").Shared === true ? 0 : bytes(recordAt({ item }, "item").Size),
      ),
  );
}
