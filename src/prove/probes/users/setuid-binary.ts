import { ok } from "../../../base/result.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { probe } from "../../probe.ts";

const nobody = 65_534;

/** @see https://docs.kernel.org/userspace-api/no_new_privs.html */
export const setuidBinary = probe<readonly Attempt[]>({
  id: "setuid-binary",
  control: "no-new-privileges",
  tries: "gain privileges through a program that is setuid root",
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const uid = await target.runSetuid(String(nobody), (builder) => {
      const call = builder.call("geteuid");
      return (ran) => ran.result(call) ?? -1;
    });
    if (!uid.ok) return uid;
    const error = uid.value === nobody ? `it stays uid ${nobody}` : undefined;
    return ok([{ what: `becoming root through a setuid program as uid ${nobody}`, error }]);
  },
  judge: (seen) =>
    judgeAttempts(seen, [`it stays uid ${nobody}`], {
      looser: "a container of the same image without no-new-privileges",
    }),
});
