import { nameOwner } from "../../model/root-owner.ts";
import { fail, notApplicable } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";

export const unprivilegedSandbox: Control = {
  id: "unprivileged-sandbox",
  title: "A user made a sandbox",
  why: "An unprivileged user may make a user namespace, and other namespaces in it: browsers, rootless builders and unshare do. A process in it has capabilities there and nothing more on the host than the user has. It opens parts of the kernel that many exploits needed. Where nobody needs that, user.max_user_namespaces=0 or AppArmor's restriction of user namespaces turns it off.",
  row: undefined,
  severity: "info",
  guard: "off",
  cis: [],
  attack: ["T1068"],
  cwe: [250],
  where: ["K"],
  references: [
    "https://man7.org/linux/man-pages/man7/user_namespaces.7.html",
    "https://docs.kernel.org/admin-guide/namespaces/resource-control.html",
  ],
  // Only the kernel shows it: no file and no Engine knows of it.
  examples: { bad: [], good: [] },
  judgesSandboxes: true,
  check: {
    container({ sandbox }) {
      if (!sandbox) return notApplicable("no user made it");
      const { uid } = sandbox;
      const who =
        uid.state === "set" ? nameOwner({ kind: "rootless", uid: uid.value }) : "an unprivileged user";
      return fail(
        `is a sandbox of ${who} in a user namespace: a process in it has nothing on the host that ${who} has not`,
        { origins: uid.state === "set" ? uid.origins : [], evidence: "user namespace", observed: who },
      );
    },
  },
  remedy: {
    container: () =>
      manual(
        "Nothing, if you know the program; else end it, and set user.max_user_namespaces=0 if nobody needs one.",
      ),
  },
};
