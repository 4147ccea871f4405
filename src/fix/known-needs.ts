import { knownImage } from "../controls/images/known-images.ts";
import { isRootText } from "../controls/users/user-text.ts";
import type { Subject } from "../model/subject.ts";
import type { Needs } from "./needs.ts";

/** What is known of a container's workload from its image; nothing of one that is built here, since that may be anything. */
export function needsOf(subject: Subject): Needs | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (view?.image.state !== "set" || view.build.state !== "unset") return undefined;
  const reference = view.image.value;
  const known = knownImage(reference);
  if (!known) return undefined;
  // Who starts as a user without root's rights holds no capability (capabilities(7)).
  const capabilities = isRootText(known.user) ? undefined : [];
  return { capabilities, source: `the image ${reference}` };
}
