import { spare } from "../containers/paths.ts";
import { judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

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
