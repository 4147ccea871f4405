import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

export const setuid = probe({
  id: "setuid",
  control: "capabilities-drop",
  tries: "become another user (CAP_SETUID)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, { "setresuid(3)": (builder) => builder.call("setresuid", 3, 3, 3) }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
