import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { atFdCwd, open } from "../helper/constants.ts";
import { probe } from "../probe.ts";

const path = "/proc/sys/kernel/core_pattern";

/** Opened for writing, and never written. */
export const corePattern = probe({
  id: "core-pattern",
  control: "masked-paths",
  tries: "open core_pattern for writing, which names a program that the host runs as root",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, {
      [`open(${path}, O_WRONLY)`]: (builder) =>
        builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
    }),
  judge: (seen) => judgeAttempts(seen, ["EROFS", "EACCES"]),
});
