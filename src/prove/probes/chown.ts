import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { atFdCwd } from "../helper/constants.ts";
import { probe } from "../probe.ts";

export const chown = probe({
  id: "chown",
  control: "capabilities-drop",
  tries: "give a file to another user (CAP_CHOWN)",
  touchesHost: false,
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, {
      // The prover's own file in /proc, which goes with it. A strict seccomp profile refuses memfd_create, never openat.
      "fchown(uid 2)": (builder) => {
        const file = builder.call("openat", atFdCwd, builder.text("/proc/self/comm"), 0, 0);
        return builder.call("fchown", file, 2, 2);
      },
    }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
