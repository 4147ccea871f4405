import type { Container } from "../../model/container.ts";
import { isOpen } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import { knownImage } from "../images/tables/known-images.ts";
import { isRootText } from "./user-text.ts";

/** The user that a container's first process starts as, and who says so. */
export type StartingUser =
  | {
      readonly known: true;
      /** As written; "" where nobody sets one, which is root. */
      readonly user: string;
      readonly isRoot: boolean;
      readonly saidBy: "container" | "image" | "table";
      readonly origins: readonly Origin[];
    }
  | { readonly known: false; readonly reason: string; readonly origins: readonly Origin[] };

/**
 * Follows who may say it: the container's own `user`, the image's `USER`, the table of well-known images. An inspect
 * document's user already has the image's in it, so that an empty one there is root.
 */
export function startingUser({ user, imageUser, image, build, level }: Container): StartingUser {
  if (isOpen(user)) return { known: false, reason: user.reason, origins: user.origins };
  if (user.state === "set" && user.value !== "") return saidUser(user.value, "container", user.origins);
  if (imageUser.state === "unresolved") {
    return { known: false, reason: imageUser.reason, origins: imageUser.origins };
  }
  if (imageUser.state === "set") return saidUser(imageUser.value, "image", imageUser.origins);
  if (level !== "declared") return saidUser("", "container", []);
  if (build.state === "unset" && image.state === "set" && !image.isCallers) {
    const known = knownImage(image.value);
    if (known) return saidUser(known.user, "table", []);
  }
  const reason =
    build.state === "unset"
      ? `no user is set, and which one ${image.state === "set" ? `the image ${image.value}` : "its image"} starts as is not known here`
      : "no user is set, and the Dockerfile that builds it was not read";
  return { known: false, reason, origins: [] };
}

function saidUser(
  user: string,
  saidBy: "container" | "image" | "table",
  origins: readonly Origin[],
): StartingUser {
  return { known: true, user, isRoot: isRootText(user), saidBy, origins };
}
