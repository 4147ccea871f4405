import { joinKeys } from "../base/join-keys.ts";
import type { Remedy } from "../controls/control.ts";
import { spellComposePatch, spellStackPatch } from "../formats/compose/spell.ts";
import { spellDaemonPatch } from "../formats/daemon-json/spell.ts";
import { spellDockerfilePatch } from "../formats/dockerfile/spell.ts";
import { spellRunPatch, spellServicePatch } from "../formats/run-command/spell.ts";
import { optionsHostOf } from "../formats/run-options/looks-like.ts";
import { spellOptionPatch } from "../formats/run-options/spell.ts";
import { spellAnsiblePatch, spellTerraformPatch } from "../formats/run-options/spell-keys.ts";
import { setItems } from "../model/fact.ts";
import type { ContainerPatch, EnginePatch, ImagePatch } from "../model/patch.ts";
import type { ContainerSubject, Subject } from "../model/subject.ts";

/** A remedy's patches in the subject's own syntax, a line each; null where there is nothing to write. */
export function spellRemedy(subject: Subject, remedy: Remedy): string | null {
  if (remedy.patches.length === 0) return null;
  const lines = spellFor(subject, remedy);
  return lines.length > 0 ? joinKeys(lines).join("\n") : null;
}

/** What `docker update` changes while the container runs, as its command line; the rest as options of a new one. */
function spellLive(patches: readonly ContainerPatch[], name: string): readonly string[] {
  const updated = patches.filter(({ op, field }) => op === "set" && updatable.has(field)).map(spellRunPatch);
  const others = patches.filter(({ op, field }) => op !== "set" || !updatable.has(field)).map(spellRunPatch);
  return [...(updated.length > 0 ? [`docker update ${updated.join(" ")} ${name}`] : []), ...others];
}

/** https://docs.docker.com/reference/cli/docker/container/update/ */
const updatable: ReadonlySet<string> = new Set([
  "blkioWeight",
  "cpuPeriod",
  "cpuQuota",
  "cpuShares",
  "cpusetCpus",
  "memory",
  "memoryReservation",
  "memorySwap",
  "nanoCpus",
  "pidsLimit",
] satisfies readonly ContainerPatch["field"][]);

/** https://docs.gitlab.com/ci/docker/using_docker_build/ */
const dindWithTls =
  'variables: { DOCKER_HOST: tcp://docker:2376, DOCKER_TLS_CERTDIR: /certs, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: /certs/client }';

/** docker compose made it from a file: that is where people change it. `docker update` would last until the next `up`. */
function isOfCompose({ views }: ContainerSubject): boolean {
  return views.some(({ labels }) =>
    setItems(labels).some(({ value }) => value.name === "com.docker.compose.project"),
  );
}

function spellFor(subject: Subject, { patches }: Remedy): readonly string[] {
  // A remedy is asked for by the kind of view, so its patches are of that kind.
  if (subject.kind === "container") {
    const own = patches as readonly ContainerPatch[];
    if (subject.source === "compose") return own.map(spellComposePatch);
    if (subject.source === "swarm") return own.map(spellStackPatch);
    if (subject.source === "service-command") return own.map(spellServicePatch);
    const keyed = { ansible: spellAnsiblePatch, terraform: spellTerraformPatch }[subject.source as string];
    if (keyed) return own.map((patch) => keyed(patch) ?? spellRunPatch(patch));
    const file = subject.location?.file;
    if (file !== undefined && optionsHostOf(file)) {
      return own.flatMap((patch) => (spellOptionPatch(patch, file) ?? spellRunPatch(patch)).split("\n"));
    }
    if (isOfCompose(subject)) return own.map(spellComposePatch);
    return subject.source === "engine-api" ? spellLive(own, subject.name) : own.map(spellRunPatch);
  }
  if (subject.kind === "engine" && subject.source === "gitlab-ci") return [dindWithTls];
  if (subject.kind === "engine") return (patches as readonly EnginePatch[]).map(spellDaemonPatch);
  if (subject.kind === "image") {
    return (patches as readonly ImagePatch[]).flatMap((patch) => spellDockerfilePatch(patch) ?? []);
  }
  return [];
}
