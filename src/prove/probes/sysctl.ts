import { judgeWherePossible } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd, open } from "../helper/constants.ts";
import { probe } from "../probe.ts";

const paths = ["/proc/sys/kernel/panic", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"];

/** Opened for writing, and never written. */
export const sysctl = probe({
  id: "sysctl",
  control: "masked-paths",
  others: ["root-user", "no-new-privileges"],
  tries: "open settings of the host's kernel for writing",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      Object.fromEntries(
        paths.map((path) => [
          `open(${path}, O_WRONLY)`,
          (builder) =>
            builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
        ]),
      ),
    ),
  judge: (seen) => judgeWherePossible(seen, ["EROFS", "EACCES"]),
});
