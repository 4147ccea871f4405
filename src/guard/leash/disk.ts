import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { spellBytes } from "../../formats/values/bytes.ts";
import type { Judged } from "../judge/judge.ts";
import { imageLabelOf } from "../judge/policy/owner.ts";
import { fullReference } from "../judge/policy/patterns.ts";
import { ownerLabel } from "../policy/layer.ts";

/** How much a leash stores, measured while it runs. */
export interface DiskMeter {
  /** Why nothing more may be stored; undefined while there is room. */
  full(): string | undefined;
  /** Hears each decision: what it pulls counts. */
  note(judged: Judged): void;
  close(): void;
}

/** Milliseconds between two looks; more where one takes long, so that the Engine has other things to do. */
const pause = { least: 10_000, times: 20 };

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
  let used = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function look(): Promise<void> {
    const began = performance.now();
    used = await usedBy(engine, own, pulled);
    if (used > most * stopsAt) stopAll(full() ?? "");
    if (isClosed) return;
    timer = setTimeout(look, Math.max(pause.least, (performance.now() - began) * pause.times));
    timer.unref();
  }

  function full(): string | undefined {
    if (used <= most) return undefined;
    return `the leash stores ${spellBytes(used)} of ${spellBytes(most)} that it may: remove images, volumes or containers, or start it with --budget disk=${Math.ceil((used * 1.5) / 1024 ** 3)}g`;
  }

  timer = setTimeout(look, pause.least);
  timer.unref();
  return {
    full,
    note({ route, verdict, request }) {
      if (route?.id !== "image-create" || verdict === "deny" || !request) return;
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

/** Bytes of its containers' layers, its volumes, and the images that it made or pulled. */
async function usedBy(
  engine: Pick<EngineClient, "get">,
  owner: { readonly label: string; readonly value: string },
  pulled: ReadonlySet<string>,
): Promise<number> {
  const filter = `filters=${encodeURIComponent(JSON.stringify({ label: [`${owner.label}=${owner.value}`] }))}`;
  const [containers, images, usage] = await Promise.all([
    engine.get(`/containers/json?all=1&size=1&${filter}`),
    engine.get("/images/json?shared-size=1"),
    engine.get("/system/df?type=volume"),
  ]);
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
  const volumes = usage.ok ? itemsOf(recordAt(usage, "value").Volumes) : [];
  return (
    sum(containers.ok ? itemsOf(containers.value) : [], (item) => bytes(recordAt({ item }, "item").SizeRw)) +
    sum(images.ok ? itemsOf(images.value).filter(isStored) : [], (item) => {
      const { Size, SharedSize } = recordAt({ item }, "item");
      return bytes(Size) - bytes(SharedSize);
    }) +
    sum(
      volumes.filter((item) => isOwn(item, owner.label)),
      (item) => bytes(recordAt({ item }, "item", "UsageData").Size),
    )
  );
}
