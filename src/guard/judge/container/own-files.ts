import type { Mount } from "../../../model/mount.ts";
import { isOwnSocket } from "../policy/exempt.ts";
import type { OwnReached, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/** Why a mount is refused that leads to the guard's own files, whatever the policy allows. */
export function checkOwnFiles({ hostPath }: Mount, { ask, policy }: CheckContext): readonly Reason[] {
  if (hostPath === undefined) return [];
  const answer = ask({ kind: "hostPath", path: hostPath });
  const reached = answer.state === "missing" ? [] : (answer.own ?? []);
  const first = reached.find((each) => !isOwnListener(each, policy));
  if (!first) return [];
  const { path, what, how } = first;
  const place =
    how === "above"
      ? `${hostPath}, which holds the guard's ${what} ${path}`
      : `${hostPath}, the guard's ${what}`;
  return [
    {
      rule: "guard-own-files",
      message: `mounts ${place}: a process in it could ${effects[what]}. No policy allows this`,
    },
  ];
}

/** The socket itself: in its folder another could be put in its place. */
function isOwnListener({ path, what, how }: OwnReached, policy: CheckContext["policy"]): boolean {
  return what === "listener" && how === "at" && isOwnSocket(path, policy);
}

const effects: Readonly<Record<OwnReached["what"], string>> = {
  listener: "act as another client of the guard",
  policy: "change what the guard allows",
  certificate: "change which clients the guard accepts",
  "private key": "pretend to be the guard",
  "audit log": "remove the traces of what it did",
  "learned policy": "change the policy that you are about to enforce",
  program: "replace the guard itself",
};
