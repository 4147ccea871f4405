import { spare } from "../containers/paths.ts";
import { judgeAttempts, tryCalls } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd } from "../helper/errno.ts";
import { probe } from "../probe.ts";

export const chown = probe({
  id: "chown",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "give a file to another user (CAP_CHOWN)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        // The prover's own file in /proc, which goes with it. A strict seccomp profile refuses memfd_create, never openat.
        "fchown(uid 2)": (builder) => {
          const file = builder.call("openat", atFdCwd, builder.text("/proc/self/comm"), 0, 0);
          return builder.call("fchown", file, 2, 2);
        },
      },
      { needs: "CHOWN" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

export const chroot = probe({
  id: "chroot",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "change its root folder (CAP_SYS_CHROOT)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { 'chroot("/")': (builder) => builder.call("chroot", builder.text("/")) },
      { needs: "SYS_CHROOT" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

/** @see https://man7.org/linux/man-pages/man2/mount.2.html */
export const mount = probe({
  id: "mount",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile", "apparmor-profile"],
  tries: "mount a file system (CAP_SYS_ADMIN)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      {
        "mount(tmpfs)": (builder) => {
          const target = builder.text(spare);
          const call = builder.call("mount", builder.text("none"), target, builder.text("tmpfs"), 0, 0);
          // MNT_DETACH
          builder.call("umount2", target, 2);
          return call;
        },
      },
      { needs: "SYS_ADMIN" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "EACCES"]),
});

export const setuid = probe({
  id: "setuid",
  control: "capabilities-drop",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "become another user (CAP_SETUID)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { "setresuid(3)": (builder) => builder.call("setresuid", 3, 3, 3) },
      { needs: "SETUID" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

export const unshareMount = probe({
  id: "unshare-mount",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "make a mount namespace (CAP_SYS_ADMIN)",
  inPlace: true,
  looser: "open",
  experiment: (target) =>
    tryRights(
      target,
      { "unshare(CLONE_NEWNS)": (builder) => builder.call("unshare", 0x00020000) },
      { needs: "SYS_ADMIN" },
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

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
