import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/**
 * A time zone that does not exist, and no time at all: the kernel asks for the right before it looks at the zone
 * (kernel/time/time.c, do_sys_settimeofday64).
 */
export const setClock = probe({
  id: "set-clock",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "set the host's clock (CAP_SYS_TIME)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "settimeofday(a zone that is none)": (builder) => {
          const zone = Buffer.alloc(8);
          zone.writeInt32LE(1_000_000, 0);
          return builder.call("settimeofday", 0, builder.bytes(zone));
        },
      },
      { granted: ["EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
