import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd } from "../helper/constants.ts";
import { probe } from "../probe.ts";

export const chown = probe({
  id: "chown",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "give a file to another user (CAP_CHOWN)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        // The prover's own file in /proc, which goes with it. A strict seccomp profile refuses memfd_create, never openat.
        "fchown(uid 2)": (builder) => {
          const file = builder.call("openat", atFdCwd, builder.text("/proc/self/comm"), 0, 0);
          return builder.call("fchown", file, 2, 2);
        },
      },
      { needs: "CHOWN" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
