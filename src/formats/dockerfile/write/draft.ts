import { failed, ok, type Result } from "../../../base/result.ts";
import { type Image, image } from "../../../model/image.ts";
import { locator } from "../../values/positions.ts";
import { ancestryOf, healthcheckOf, placeOf, userOf } from "../read/facts.ts";
import { type Earlier, type Instructions, readInstructions } from "../read/instructions.ts";
import type { Joined } from "../read/joined.ts";
import { referencesOf } from "../read/references.ts";
import { readStages, type Stage } from "../read/stages.ts";
import type { Parts } from "../read.ts";

/** A Dockerfile as far as a patch can change it. */
export interface DockerfileDraft {
  readonly text: string;
  readonly instructions: Instructions;
  /** The stage that is built: the last. */
  readonly stage: Stage;
  /** Its user, health check and references. */
  readonly image: Image;
  /** Where each of the references stands, in their order. */
  readonly references: readonly Joined[];
  /** How many things docker build would refuse in it. */
  readonly problems: number;
}

/** Fails on what is no Dockerfile. `parts` are those of this text, `earlier` is what it was before an edit. */
export function draftOf(text: string, parts?: Parts, earlier?: Earlier): Result<DockerfileDraft> {
  if (text.includes("\0")) return failed("the file is binary, not a Dockerfile");
  const read = parts?.instructions ?? readInstructions(text, earlier);
  const { stages, problems, tooMany } = parts?.build ?? readStages(read);
  const stage = stages.at(-1);
  if (tooMany) return failed("there is too much in the file for a Dockerfile");
  if (!stage) return failed("this is not a Dockerfile: FROM is missing");
  const locate = locator("", text);
  const ancestry = ancestryOf(stage);
  const references: Joined[] = [];
  const view = image("declared", {
    user: userOf(ancestry, locate),
    healthcheck: healthcheckOf(ancestry, locate),
    references: referencesOf(stages, (joined) => {
      references.push(joined);
      return locate(placeOf(joined));
    }),
  });
  return ok({
    text,
    instructions: read,
    stage,
    image: view,
    references,
    problems: problems.length,
  });
}
