import { ok } from "../../../base/result.ts";
import { readFolder } from "../../experiment/looks.ts";
import { type Judgement, probe, type Seen } from "../../probe.ts";

/** What Docker puts into every container's /dev, with the console of one that has a terminal. */
const usual = new Set(["console", "full", "null", "ptmx", "random", "tty", "urandom", "zero"]);

/** Nodes are listed and never opened: to open a watchdog starts it. */
export const devices = probe<readonly string[]>({
  id: "devices",
  control: "device-access",
  tries: "find devices of the host in /dev",
  inPlace: true,
  looser: "open",
  experiment: async (target) => {
    const list = await target.run(readFolder("/dev", 65_536));
    if (!list.ok) return list;
    if (!list.value.ok) return { ok: false, reason: `/dev cannot be listed (${list.value.error})` };
    return ok(
      list.value.value.flatMap(({ name, kind }) =>
        (kind === "character" || kind === "block") && !usual.has(name) ? [name] : [],
      ),
    );
  },
  judge,
});

function judge({ subject, control }: Seen<readonly string[]>): Judgement {
  if (subject.length > 0) {
    const more = subject.length > 6 ? ` and ${subject.length - 6} more` : "";
    return { outcome: "notHeld", evidence: `/dev holds ${subject.slice(0, 6).join(", ")}${more}` };
  }
  if (!control.ok) return { outcome: "inconclusive", evidence: `no looser container: ${control.reason}` };
  if (control.value.length === 0) {
    return {
      outcome: "inconclusive",
      evidence: "a privileged container has no device of the host in /dev either",
    };
  }
  return {
    outcome: "held",
    evidence: `/dev holds none but the usual; in a privileged container of the same image it holds ${control.value.length}`,
  };
}
