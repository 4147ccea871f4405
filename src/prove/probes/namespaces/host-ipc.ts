import { ok, type Result } from "../../../base/result.ts";
import { textFile } from "../../experiment/looks.ts";
import { judgeNamespace, type Sight, sightOf } from "../../experiment/namespace.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

export const hostIpc = probe<Sight>({
  id: "host-ipc",
  control: "host-ipc",
  tries: "see the host's shared memory",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "ipc", countSegments),
  judge: (seen) => judgeNamespace(seen, "--ipc=host"),
});

/** /proc/sysvipc/shm: a line of headings, then one for each segment (proc(5)). */
async function countSegments(target: ProbeTarget): Promise<Result<string>> {
  const table = await textFile(target, "/proc/sysvipc/shm");
  if (!table.ok) return table;
  const count = table.value.ok ? table.value.value.trim().split("\n").length - 1 : 0;
  return ok(`${count} segment${count === 1 ? "" : "s"} of shared memory`);
}
