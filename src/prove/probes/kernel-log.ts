import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/** @see https://man7.org/linux/man-pages/man2/syslog.2.html */
export const kernelLog = probe({
  id: "kernel-log",
  control: "seccomp-profile",
  tries: "read the kernel's log, which tells addresses and what other containers do",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, {
      // SYSLOG_ACTION_READ_ALL
      "syslog(READ_ALL)": (builder) => builder.call("syslog", 3, builder.space(64), 64),
    }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
