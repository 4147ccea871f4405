import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

export const chroot = probe({
  id: "chroot",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "change its root folder (CAP_SYS_CHROOT)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { 'chroot("/")': (builder) => builder.call("chroot", builder.text("/")) },
      { needs: "SYS_CHROOT" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
