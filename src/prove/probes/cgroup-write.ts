import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { atFdCwd, open } from "../helper/constants.ts";
import { probe } from "../probe.ts";

/** Where a container sees its own cgroup: cgroup v2, and two controllers of v1. */
const paths = [
  "/sys/fs/cgroup/cgroup.procs",
  "/sys/fs/cgroup/memory/cgroup.procs",
  "/sys/fs/cgroup/pids/cgroup.procs",
];

/** Opened for writing, and never written. */
export const cgroupWrite = probe<readonly Attempt[]>({
  id: "cgroup-write",
  control: "privileged",
  others: ["root-user"],
  tries: "open its cgroup for writing, and so lift its own limits",
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const attempts = await tryRights(
      target,
      Object.fromEntries(
        paths.map((path) => [
          `open(${path}, O_WRONLY)`,
          (builder) =>
            builder.call("openat", atFdCwd, builder.text(path), open.writeOnly | open.closeOnExec, 0),
        ]),
      ),
    );
    if (!attempts.ok) return attempts;
    return {
      ok: true,
      value: attempts.value.filter(({ error }) => error !== "ENOENT" && error !== "ENOTDIR"),
    };
  },
  judge: (seen) => judgeAttempts(seen, ["EROFS", "EACCES"]),
});
