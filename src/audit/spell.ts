import { joinKeys } from "../base/join-keys.ts";
import type { Remedy } from "../controls/control.ts";
import { spellComposePatch, spellStackPatch } from "../formats/compose/spell.ts";
import { spellDaemonPatch } from "../formats/daemon-json/spell.ts";
import { spellDockerfilePatch } from "../formats/dockerfile/spell.ts";
import { spellRunPatch, spellServicePatch } from "../formats/run-command/spell.ts";
import { spellOptionPatch } from "../formats/run-options/spell.ts";
import { spellAnsiblePatch, spellTerraformPatch } from "../formats/run-options/spell-keys.ts";
import { isUpdatable } from "../formats/values/updatable.ts";
import { setItems } from "../model/fact.ts";
import type { ContainerPatch, EnginePatch, ImagePatch } from "../model/patch.ts";
import type { ContainerSubject, Source, Subject } from "../model/subject.ts";

/** A remedy's patches in the subject's own syntax, a line each; null where there is nothing to write. */
export function spellRemedy(subject: Subject, remedy: Pick<Remedy, "patches">): string | null {
  if (remedy.patches.length === 0) return null;
  const lines = spellFor(subject, remedy);
  return lines.length > 0 ? joinKeys(lines).join("\n") : null;
}

/** What `docker update` changes while the container runs, as its command line; the rest as options of a new one. */
function spellLive(patches: readonly ContainerPatch[], name: string): readonly string[] {
  const updated = patches.filter(({ op, field }) => op === "set" && isUpdatable(field)).map(spellRunPatch);
  const others = patches.filter(({ op, field }) => op !== "set" || !isUpdatable(field)).map(spellRunPatch);
  return [...(updated.length > 0 ? [`docker update ${updated.join(" ")} ${name}`] : []), ...others];
}

/** https://docs.gitlab.com/ci/docker/using_docker_build/ */
const dindWithTls =
  'variables: { DOCKER_HOST: tcp://docker:2376, DOCKER_TLS_CERTDIR: /certs, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: /certs/client }';

/** docker compose made it from a file: that is where people change it. `docker update` would last until the next `up`. */
function isOfCompose({ source, views }: ContainerSubject): boolean {
  if (source !== "engine-api") return false;
  return views.some(({ labels }) =>
    setItems(labels).some(({ value }) => value.name === "com.docker.compose.project"),
  );
}

type Spell = (patch: ContainerPatch, file: string) => string | undefined;

/** Each source's own words for a patch. What they cannot say, and every other source, has docker run's options. */
const words: Readonly<Partial<Record<Source, Spell>>> = {
  compose: spellComposePatch,
  swarm: spellStackPatch,
  "service-command": spellServicePatch,
  "run-command": spellOptionPatch,
  ansible: spellAnsiblePatch,
  terraform: spellTerraformPatch,
};

function spellContainer(subject: ContainerSubject, patches: readonly ContainerPatch[]): readonly string[] {
  const spell = isOfCompose(subject) ? spellComposePatch : words[subject.source];
  if (!spell && subject.source === "engine-api") return spellLive(patches, subject.name);
  const file = subject.location?.file ?? "";
  return patches.flatMap((patch) => spell?.(patch, file)?.split("\n") ?? [spellRunPatch(patch)]);
}

function spellFor(subject: Subject, { patches }: Pick<Remedy, "patches">): readonly string[] {
  // A remedy is asked for by the kind of view, so its patches are of that kind.
  if (subject.kind === "container") return spellContainer(subject, patches as readonly ContainerPatch[]);
  if (subject.kind === "engine" && subject.source === "gitlab-ci") return [dindWithTls];
  if (subject.kind === "engine") return (patches as readonly EnginePatch[]).map(spellDaemonPatch);
  if (subject.kind === "image") {
    return (patches as readonly ImagePatch[]).flatMap((patch) => spellDockerfilePatch(patch) ?? []);
  }
  return [];
}
