import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/**
 * Without the magic numbers: the kernel asks for the right first, and then refuses without them.
 *
 * @see https://man7.org/linux/man-pages/man2/reboot.2.html
 */
export const reboot = probe({
  id: "reboot",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "reboot the host (CAP_SYS_BOOT)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "reboot(without its magic)": (builder) => builder.call("reboot", 0, 0, 0, 0),
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
