import { judgeAttempts, successIf, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/** A swap area that does not exist: the kernel asks for the right before it looks for it. */
export const swapoff = probe({
  id: "swapoff",
  control: "capabilities-dangerous",
  tries: "turn the host's swap off (CAP_SYS_ADMIN)",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryCalls(target, {
      "swapoff(of one that is not there)": (builder) =>
        builder.call("swapoff", builder.text("/.bulkhead-no-such-swap")),
    });
    return attempts.ok ? { ok: true, value: successIf(attempts.value, ["ENOENT", "EINVAL"]) } : attempts;
  },
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
