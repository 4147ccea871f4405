import { type Attempt, judgeAttempts, successIf, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/**
 * An empty module: the kernel asks for the right first, and only then finds that it is none.
 *
 * @see https://man7.org/linux/man-pages/man2/init_module.2.html
 */
export const loadModule = probe<readonly Attempt[]>({
  id: "load-module",
  control: "capabilities-dangerous",
  tries: "load a kernel module (CAP_SYS_MODULE)",
  touchesHost: true,
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryCalls(target, {
      "init_module(an empty one)": (builder) => builder.call("init_module", 0, 0, builder.text("")),
    });
    return attempts.ok
      ? { ok: true, value: successIf(attempts.value, ["ENOEXEC", "EFAULT", "EINVAL"]) }
      : attempts;
  },
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
