import { ok } from "../../../base/result.ts";
import { textFile } from "../../experiment/looks.ts";
import { type Judgement, probe, type Seen } from "../../probe.ts";

/** The host's uid of root inside; the whole map as the kernel prints it. */
interface UidMap {
  readonly rootIs: number | undefined;
  readonly map: string;
}

/** @see https://docs.docker.com/engine/security/userns-remap/ */
export const uidMap = probe<UidMap>({
  id: "uid-map",
  control: "engine-user-namespaces",
  tries: "be root of the host as root in the container",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: async (target) => {
    const text = await textFile(target, "/proc/self/uid_map");
    if (!text.ok) return text;
    if (!text.value.ok)
      return { ok: false, reason: `/proc/self/uid_map cannot be read (${text.value.error})` };
    return ok(parseUidMap(text.value.value));
  },
  judge,
});

/** Lines of three numbers: first uid inside, first uid outside, how many (user_namespaces(7)). */
export function parseUidMap(text: string): UidMap {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const first = rows.find(([inside = -1, , length = 0]) => inside <= 0 && inside + length > 0);
  return { rootIs: first?.[1], map: rows.map((row) => row.join(" ")).join(", ") };
}

/** The map is the kernel's own word; that the looser container can be read at all shows that the reading works. */
function judge({ subject, control }: Seen<UidMap>): Judgement {
  if (subject.rootIs === 0) {
    return {
      outcome: "notHeld",
      evidence: `its uid_map is ${subject.map}: uid 0 in it is uid 0 of the host`,
    };
  }
  if (!control.ok)
    return { outcome: "inconclusive", evidence: `no container with --userns=host: ${control.reason}` };
  const root = subject.rootIs === undefined ? "nobody" : `uid ${subject.rootIs}`;
  const looser =
    control.value.rootIs === 0
      ? "with --userns=host it is uid 0"
      : "the whole Engine runs in a user namespace, so it is with --userns=host, too";
  return {
    outcome: "held",
    evidence: `uid 0 in it is ${root} of the host (uid_map ${subject.map}); ${looser}`,
  };
}
