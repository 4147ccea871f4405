import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

export const unshareMount = probe({
  id: "unshare-mount",
  control: "capabilities-dangerous",
  tries: "make a mount namespace (CAP_SYS_ADMIN)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, { "unshare(CLONE_NEWNS)": (builder) => builder.call("unshare", 0x00020000) }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
