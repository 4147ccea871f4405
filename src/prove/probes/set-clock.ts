import { judgeAttempts, successIf, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/**
 * A time zone that does not exist, and no time at all: the kernel asks for the right before it looks at the zone
 * (kernel/time/time.c, do_sys_settimeofday64).
 */
export const setClock = probe({
  id: "set-clock",
  control: "capabilities-dangerous",
  tries: "set the host's clock (CAP_SYS_TIME)",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryCalls(target, {
      "settimeofday(a zone that is none)": (builder) => {
        const zone = Buffer.alloc(8);
        zone.writeInt32LE(1_000_000, 0);
        return builder.call("settimeofday", 0, builder.bytes(zone));
      },
    });
    return attempts.ok ? { ok: true, value: successIf(attempts.value, ["EINVAL"]) } : attempts;
  },
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
