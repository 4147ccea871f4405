import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { probe } from "../probe.ts";

/** @see https://docs.docker.com/engine/security/seccomp/ */
export const unshareUser = probe({
  id: "unshare-user",
  control: "seccomp-profile",
  others: ["capabilities-dangerous"],
  tries: "make a user namespace, in which a process holds every capability against the kernel",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryCalls(target, { "unshare(CLONE_NEWUSER)": (builder) => builder.call("unshare", 0x10000000) }),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});
