import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/** A name that is too long: the kernel asks for the right before it looks at the length. */
export const setHostname = probe({
  id: "set-hostname",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "change the host name (CAP_SYS_ADMIN)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "sethostname(one that is too long)": (builder) =>
          builder.call("sethostname", builder.text("x".repeat(80)), 80),
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
