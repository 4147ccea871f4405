import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/**
 * An empty module: the kernel asks for the right first, and only then finds that it is none.
 *
 * @see https://man7.org/linux/man-pages/man2/init_module.2.html
 */
export const loadModule = probe({
  id: "load-module",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "load a kernel module (CAP_SYS_MODULE)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "init_module(an empty one)": (builder) => builder.call("init_module", 0, 0, builder.text("")),
      },
      { granted: ["ENOEXEC", "EFAULT", "EINVAL"] },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
