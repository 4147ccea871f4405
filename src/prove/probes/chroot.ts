import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

export const chroot = probe({
  id: "chroot",
  control: "capabilities-drop",
  tries: "change its root folder (CAP_SYS_CHROOT)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, { 'chroot("/")': (builder) => builder.call("chroot", builder.text("/")) }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
