import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

export const unshareMount = probe({
  id: "unshare-mount",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "make a mount namespace (CAP_SYS_ADMIN)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { "unshare(CLONE_NEWNS)": (builder) => builder.call("unshare", 0x00020000) },
      { needs: "SYS_ADMIN" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
