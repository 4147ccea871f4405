import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { isSameRepository } from "../policy/patterns.ts";

export type ImageOrigin = "registry" | "here" | "unknown";

/**
 * Whether an image came by a name from a registry, or was pushed there. dockerd's own store notes a digest of the repository then.
 * containerd's store has a digest for every name, which is the image's id and says nothing; from API 1.53 on the Engine adds the
 * repositories, and what has a parent was made here.
 */
export function originOf(reference: string, document: unknown): ImageOrigin {
  const { Id, RepoDigests, Identity, Parent, ParentId } = recordAt({ document }, "document");
  const digests = textsOf(RepoDigests).filter((digest) => isSameRepository(digest, reference));
  if (digests.length === 0) return "here";
  if (typeof Id !== "string" || digests.some((digest) => !digest.endsWith(`@${Id}`))) return "registry";
  if (isRecord(Identity)) {
    const pulled = itemsOf(Identity.Pull).flatMap((each) => textAt(each, "Repository") ?? []);
    return pulled.some((repository) => isSameRepository(repository, reference)) ? "registry" : "here";
  }
  return [Parent, ParentId].some((each) => typeof each === "string" && each !== "") ? "here" : "unknown";
}
