import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/** A swap area that does not exist: the kernel asks for the right before it looks for it. */
export const swapoff = probe({
  id: "swapoff",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "turn the host's swap off (CAP_SYS_ADMIN)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "swapoff(of one that is not there)": (builder) =>
          builder.call("swapoff", builder.text("/.bulkhead-no-such-swap")),
      },
      { granted: ["ENOENT", "EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
