import { joinKeys } from "../base/join-keys.ts";
import type { Remedy } from "../controls/control.ts";
import { clientOf } from "../controls/engine/docker-only.ts";
import { spellDaemonPatch } from "../formats/daemon-json/spell.ts";
import { spellDockerfilePatch } from "../formats/dockerfile/spell.ts";
import { wordsOf } from "../formats/formats.ts";
import { spellRunPatch } from "../formats/run-command/spell.ts";
import type { Engine } from "../model/engine.ts";
import { setItems } from "../model/fact.ts";
import { isUpdatable } from "../model/facts/table.ts";
import type { ContainerPatch, EnginePatch, ImagePatch } from "../model/patch.ts";
import type { ContainerSubject, Subject } from "../model/subject.ts";

/** A remedy's patches in the subject's own syntax, a line each; null where there is nothing to write. */
export function spellRemedy(
  subject: Subject,
  remedy: Pick<Remedy, "patches">,
  engine?: Engine,
): string | null {
  if (remedy.patches.length === 0) return null;
  const lines = spellFor(subject, remedy, engine);
  return lines.length > 0 ? joinKeys(lines).join("\n") : null;
}

/** What `docker update` changes while the container runs, as its command line; the rest as options of a new one. */
function spellLive(
  patches: readonly ContainerPatch[],
  name: string,
  engine: Engine | undefined,
): readonly string[] {
  const updated = withSwap(patches.filter(({ op, field }) => op === "set" && isUpdatable(field))).map(
    spellRunPatch,
  );
  const others = patches.filter(({ op, field }) => op !== "set" || !isUpdatable(field)).map(spellRunPatch);
  return [
    ...(updated.length > 0 ? [`${clientOf(engine)} update ${updated.join(" ")} ${name}`] : []),
    ...others,
  ];
}

/** A limit alone would leave the swap of a running container without one: twice the memory is what docker run gives. */
function withSwap(patches: readonly ContainerPatch[]): readonly ContainerPatch[] {
  if (patches.some(({ field }) => field === "memorySwap")) return patches;
  return patches.flatMap((patch): readonly ContainerPatch[] =>
    patch.op === "set" && patch.field === "memory" && patch.value > 0
      ? [patch, { op: "set", field: "memorySwap", value: 2 * patch.value }]
      : [patch],
  );
}

/** docker compose made it from a file: that is where people change it. `docker update` would last until the next `up`. */
function isOfCompose({ source, views }: ContainerSubject): boolean {
  if (source !== "engine-api") return false;
  return views.some(({ labels }) =>
    setItems(labels).some(({ value }) => value.name === "com.docker.compose.project"),
  );
}

function spellContainer(
  subject: ContainerSubject,
  patches: readonly ContainerPatch[],
  engine: Engine | undefined,
): readonly string[] {
  const { source, name } = subject;
  const { spell } = wordsOf(isOfCompose(subject) ? "compose" : source);
  if (!spell && source === "engine-api") return spellLive(patches, name, engine);
  return patches.flatMap((patch) => (spell?.container?.(patch) ?? spellRunPatch(patch)).split("\n"));
}

function spellFor(
  subject: Subject,
  { patches }: Pick<Remedy, "patches">,
  engine: Engine | undefined,
): readonly string[] {
  // A remedy is asked for by the kind of view, so its patches are of that kind.
  if (subject.kind === "container")
    return spellContainer(subject, patches as readonly ContainerPatch[], engine);
  if (subject.kind === "engine") {
    const own = patches as readonly EnginePatch[];
    return wordsOf(subject.source).spell?.engine?.(own) ?? own.map(spellDaemonPatch);
  }
  if (subject.kind === "image") {
    return (patches as readonly ImagePatch[]).flatMap((patch) => spellDockerfilePatch(patch) ?? []);
  }
  return [];
}
