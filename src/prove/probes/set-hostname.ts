import { judgeAttempts, successIf, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/** A name that is too long: the kernel asks for the right before it looks at the length. */
export const setHostname = probe({
  id: "set-hostname",
  control: "capabilities-dangerous",
  tries: "change the host name (CAP_SYS_ADMIN)",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryCalls(target, {
      "sethostname(one that is too long)": (builder) =>
        builder.call("sethostname", builder.text("x".repeat(80)), 80),
    });
    return attempts.ok ? { ok: true, value: successIf(attempts.value, ["EINVAL"]) } : attempts;
  },
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
