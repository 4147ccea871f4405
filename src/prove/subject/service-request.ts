import { writeCreateRequest } from "../../formats/create-request/write.ts";
import type { Container } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";

/** What a proof needs not, and what would only get in the way: names of others, what others own, secrets. */
const leftOut = new Set<string>([
  "image",
  "build",
  "imageUser",
  "environment",
  "labels",
  "networks",
  "ports",
  "publishAllPorts",
  "logDriver",
  "logOptions",
  "healthcheck",
  "mounts",
  "volumesFrom",
]);

/**
 * The HostConfig and user that a create request would have for a container as a file declares it. `missing` names what
 * could not be said in a request, each with why.
 */
export function requestOf(view: Container): {
  readonly document: unknown;
  readonly missing: readonly string[];
} {
  const patches: ContainerPatch[] = [];
  const unread: string[] = [];
  for (const [field, fact] of Object.entries(view)) {
    if (leftOut.has(field) || typeof fact !== "object" || fact === null) continue;
    for (const each of Array.isArray(fact) ? fact : [fact]) {
      if (each.state === "unresolved") unread.push(`${field}: ${each.reason}`);
      if (each.state !== "set") continue;
      // A network by its name belongs to the project: the twin gets the Engine's default.
      if (field === "networkMode" && each.value.mode === "network") continue;
      const op = Array.isArray(fact) ? "add" : "set";
      // Each field has its own type, which a loop over the fields cannot express.
      patches.push({ op, field, value: each.value } as ContainerPatch);
    }
  }
  const { document, refused } = writeCreateRequest({ HostConfig: {} }, patches);
  return {
    document,
    missing: [...unread, ...refused.map(({ patch, reason }) => `${patch.field}: ${reason}`)],
  };
}
