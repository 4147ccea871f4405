import { ok, type Result } from "../../model/result.ts";
import { textFile } from "../look.ts";
import { judgeNamespace, type Sight, sightOf } from "../namespace.ts";
import { probe, type Stage } from "../probe.ts";

export const hostIpc = probe<Sight>({
  id: "host-ipc",
  control: "host-ipc",
  tries: "see the host's shared memory",
  touchesHost: false,
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (stage) => sightOf(stage, "ipc", countSegments),
  judge: (seen) => judgeNamespace(seen, "--ipc=host"),
});

/** /proc/sysvipc/shm: a line of headings, then one for each segment (proc(5)). */
async function countSegments(stage: Stage): Promise<Result<string>> {
  const table = await textFile(stage, "/proc/sysvipc/shm");
  if (!table.ok) return table;
  const count = table.value.ok ? table.value.value.trim().split("\n").length - 1 : 0;
  return ok(`${count} segment${count === 1 ? "" : "s"} of shared memory`);
}
