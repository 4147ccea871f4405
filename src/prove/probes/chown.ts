import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
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
      // A file in memory: nothing that anybody sees changes its owner.
      "fchown(uid 2)": (builder) => {
        const file = builder.call("memfd_create", builder.text("bulkhead-prove"), 0);
        return builder.call("fchown", file, 2, 2);
      },
    }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
