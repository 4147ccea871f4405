import type { ImagePatch } from "../../../model/patch.ts";
import { placeOf } from "../read/facts.ts";
import type { DockerfileDraft } from "./draft.ts";
import type { FieldWriting, RefusedPatch } from "./field.ts";
import { insertion, ownInstructions } from "./insertion.ts";

/**
 * Makes the stage end with USER: the argument of its last one is replaced, unless a RUN stands behind it, which needs the
 * user that it has (`USER root`, `RUN apt-get …`); then, and where there is none, a USER is added.
 */
export function writeUser(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
  const made: ImagePatch[] = [];
  const refused: RefusedPatch[] = [];
  let wanted: string | undefined;
  for (const patch of patches) {
    if (patch.op !== "set" || patch.field !== "user") {
      refused.push({ patch, reason: "without its USER the image runs as whatever its base sets" });
    } else if (!/^[^\s\p{Cc}]+$/u.test(patch.value)) {
      refused.push({ patch, reason: "USER takes one word" });
    } else {
      made.push(patch);
      wanted = patch.value;
    }
  }
  const { user } = draft.image;
  if (wanted === undefined || (user.state === "set" && user.value === wanted)) {
    return { edits: [], made, refused, added: 0 };
  }
  const argument = spell(wanted, draft.instructions.escapeToken);
  const own = ownInstructions(draft);
  const last = own.findLastIndex(({ keyword, rest }) => keyword === "USER" && rest.text !== "");
  const present =
    last === -1 || own.slice(last).some(({ keyword }) => keyword === "RUN") ? undefined : own[last];
  return present
    ? { edits: [{ ...placeOf(present.rest), text: argument }], made, refused, added: 0 }
    : { edits: [insertion(draft, "USER", argument)], made, refused, added: 1 };
}

/** What would be a variable, a quote, an escape or a flag is escaped. */
function spell(user: string, escapeToken: string): string {
  const escaped = [...user].map((char) =>
    char === "$" || char === "'" || char === '"' || char === escapeToken ? escapeToken + char : char,
  );
  return user.startsWith("--") ? `"${escaped.join("")}"` : escaped.join("");
}
