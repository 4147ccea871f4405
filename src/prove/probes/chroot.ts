import { judgeAttempts, tryCalls } from "../attempts.ts";
import { probe } from "../probe.ts";

export const chroot = probe({
  id: "chroot",
  control: "capabilities-drop",
  tries: "change its root folder (CAP_SYS_CHROOT)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (stage) =>
    tryCalls(stage, { 'chroot("/")': (builder) => builder.call("chroot", builder.text("/")) }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
