import type { ImagePatch } from "../../../model/patch.ts";
import type { DockerfileDraft } from "./draft.ts";
import type { FieldWriting, RefusedPatch } from "./field.ts";
import { insertion, ownInstructions } from "./insertion.ts";

/** Turns the health check off. Which command would be one is for people to say. */
export function writeHealthcheck(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
  const { healthcheck } = draft.image;
  const current = healthcheck.state === "set" ? healthcheck.value : undefined;
  const made: ImagePatch[] = [];
  const refused: RefusedPatch[] = [];
  let isOff = current === "none";
  for (const patch of patches) {
    if (patch.op === "set" && patch.field === "healthcheck" && patch.value === "none") {
      isOff = true;
      made.push(patch);
    } else if (patch.op === "set" && current === "command" && !isOff) made.push(patch);
    else if (patch.op === "set") {
      refused.push({ patch, reason: "the command that tells whether the server is healthy is not known" });
    } else refused.push({ patch, reason: "without its HEALTHCHECK the image has whatever its base sets" });
  }
  if (!isOff || current === "none") return { edits: [], made, refused, added: 0 };
  const own = ownInstructions(draft);
  const present = own.findLast(({ keyword, rest }) => keyword === "HEALTHCHECK" && rest.text !== "");
  if (!present) return { edits: [insertion(draft, "HEALTHCHECK", "NONE")], made, refused, added: 1 };
  return {
    edits: [{ start: present.keywordSpan.end, end: present.span.end, text: " NONE" }],
    made,
    refused,
    added: 0,
  };
}
