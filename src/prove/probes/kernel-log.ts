import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/** @see https://man7.org/linux/man-pages/man2/syslog.2.html */
export const kernelLog = probe({
  id: "kernel-log",
  control: "seccomp-profile",
  others: ["capabilities-dangerous", "root-user", "no-new-privileges"],
  tries: "read the kernel's log, which shows addresses and what other containers do",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        // SYSLOG_ACTION_READ_ALL
        "syslog(READ_ALL)": (builder) => builder.call("syslog", 3, builder.space(64), 64),
      },
      { needs: "SYSLOG" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
