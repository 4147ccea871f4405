import { ok } from "../../../base/result.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { probe } from "../../probe.ts";

export const runAsRoot = probe<readonly Attempt[]>({
  id: "run-as-root",
  control: "root-user",
  tries: "run as root",
  inPlace: true,
  looser: "open",
  experiment: async (target) => {
    const uid = await target.run((builder) => {
      const call = builder.call("geteuid");
      return (ran) => ran.result(call) ?? -1;
    });
    if (!uid.ok) return uid;
    return ok([{ what: "running as uid 0", error: uid.value === 0 ? undefined : `it is uid ${uid.value}` }]);
  },
  judge: (seen) =>
    judgeAttempts(
      seen,
      seen.subject.flatMap(({ error }) => error ?? []),
      { looser: "a container of the same image with --user 0" },
    ),
});
