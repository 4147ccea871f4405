import type { SocketFile } from "../../model/engine.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import { fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";
import { judgeAcl } from "./acl.ts";

export const engineSocketPermissions: Control = {
  id: "engine-socket-permissions",
  title: "The Engine's socket is open to others",
  why: "Connecting to the socket takes write permission on it, and anyone who connects is root on the host. `chmod 666 /var/run/docker.sock`, a widespread piece of bad advice against “permission denied”, makes every user and every daemon of the host root. Every member of its group (docker) is root, too, without a password. An ACL gives it to those whom it names, and the mode does not show them. An owner other than root can give it to anyone. containerd's socket gives the same rights.",
  row: "1.1",
  severity: "high",
  guard: "off",
  cis: ["3.15", "3.16"],
  attack: ["T1548", "T1609"],
  cwe: [732],
  where: ["E", "F"],
  references: [
    "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
    "https://docs.docker.com/engine/install/linux-postinstall/#manage-docker-as-a-non-root-user",
    "https://man7.org/linux/man-pages/man7/unix.7.html",
  ],
  // No example says it: a look at the live socket does, and a script that changes it.
  examples: { bad: [], good: [] },
  check: {
    engine({ level, socketFiles, rootless }) {
      if (level === "declared" && setItems(socketFiles).length === 0)
        return notApplicable("a configuration file does not show the permissions of the socket");
      const owned = valueOr(rootless, false);
      return judgeItems(
        socketFiles,
        ({ value, origins }) => judge(value, owned, origins),
        unknown("no unix socket of this engine is visible from here"),
      );
    },
  },
  remedy: {
    engine: () =>
      manual(
        "Give the socket back to root and its group: `chown root:docker /var/run/docker.sock && chmod 660 /var/run/docker.sock`, take users out of the group who are not to be root (`gpasswd --delete USER docker`), remove an ACL with `setfacl -b`, and take out of start-up scripts and docker.socket (`SocketMode=`) what changed it.",
      ),
  },
};

function judge(file: SocketFile, rootless: boolean, origins: readonly Origin[]): Verdict {
  const mode = `0${(file.mode & 0o777).toString(8)}`;
  const where = { origins, evidence: file.path, observed: `${file.path} ${mode} uid ${file.uid}` };
  if (file.closedBy !== undefined)
    return pass(`${file.path} ${mode}, in ${file.closedBy}, which is its owner's alone`);
  if (file.mode & 0o007) {
    return fail(`lets everybody at ${file.path} (mode ${mode}): every user of the host can be root`, where);
  }
  if (file.openTo !== undefined) {
    const problem = {
      ...where,
      evidence: file.openTo,
      severity: "medium",
      observed: `${file.path} open to ${file.openTo}`,
    } as const;
    return fail(
      `lets ${file.openTo} use ${file.path}: that is root on the host, without a password`,
      problem,
    );
  }
  if (file.uid !== 0 && !rootless) {
    return fail(
      `has its socket ${file.path} owned by uid ${file.uid} instead of root: that user can be root and let others in`,
      where,
    );
  }
  return judgeAcl(file) ?? pass(`${file.path} ${mode}`);
}
