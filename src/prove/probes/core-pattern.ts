import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd, open } from "../helper/constants.ts";
import { probe } from "../probe.ts";

const path = "/proc/sys/kernel/core_pattern";

/** Opened for writing, and never written. */
export const corePattern = probe({
  id: "core-pattern",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open core_pattern for writing, which names a program that the host runs as root",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(target, {
      [`open(${path}, O_WRONLY)`]: (builder) =>
        builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
    }),
  judge: (seen) => judgeAttempts(seen, ["EROFS", "EACCES"]),
});
