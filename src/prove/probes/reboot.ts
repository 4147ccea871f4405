import { judgeAttempts, successIf, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/**
 * Without the magic numbers: the kernel asks for the right first, and then refuses without them.
 *
 * @see https://man7.org/linux/man-pages/man2/reboot.2.html
 */
export const reboot = probe({
  id: "reboot",
  control: "capabilities-dangerous",
  tries: "reboot the host (CAP_SYS_BOOT)",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryCalls(target, {
      "reboot(without its magic)": (builder) => builder.call("reboot", 0, 0, 0, 0),
    });
    return attempts.ok ? { ok: true, value: successIf(attempts.value, ["EINVAL"]) } : attempts;
  },
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
