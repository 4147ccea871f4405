import { randomBytes, timingSafeEqual } from "node:crypto";
import type { AuthzMessage } from "./message.ts";

/** How the plugin recognises its own questions to the Engine, which dockerd hands back to it for a decision. */
export interface OwnQuestions {
  /** A header for each of the guard's own questions. Nobody else sees it: dockerd shows headers to its plugins alone. */
  readonly header: readonly [name: string, value: string];
  /** Whether the guard asks this itself: a read with the header, nothing else. */
  isOwn(message: AuthzMessage): boolean;
}

const name = "X-Bulkhead-Question";

/** A secret of this start. */
export function ownQuestions(): OwnQuestions {
  const secret = randomBytes(32).toString("hex");
  return {
    header: [name, secret],
    isOwn({ method, target, headers }) {
      if (method !== "GET" || !isRead(target)) return false;
      return headers.some(([each, value]) => each === name && equal(value, secret));
    },
  };
}

/** JSON documents only: a leaked secret must not give access to an archive, a log or a stream. */
function isRead(target: string): boolean {
  return documents.test(target);
}

const documents =
  /^(\/v1\.\d+)?\/(_ping|version|info|(containers|images)\/json(\?[^#]*)?|(containers|images|exec|plugins)\/[^?#]+\/json|(volumes|networks|services|tasks|nodes|secrets|configs)(\/[^/?#]+)?(\?[^#]*)?|swarm)$/;

function equal(value: string, secret: string): boolean {
  const ours = Buffer.from(secret);
  const theirs = Buffer.from(value);
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}
