import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

export const setuid = probe({
  id: "setuid",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "become another user (CAP_SETUID)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { "setresuid(3)": (builder) => builder.call("setresuid", 3, 3, 3) },
      { needs: "SETUID" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
