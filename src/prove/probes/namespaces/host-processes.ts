import { ok, type Result } from "../../../base/result.ts";
import { readFolder } from "../../experiment/looks.ts";
import { judgeNamespace, type Sight, sightOf } from "../../experiment/namespace.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

export const hostProcesses = probe<Sight>({
  id: "host-processes",
  control: "host-pid",
  tries: "see the host's processes",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "pid", countProcesses),
  judge: (seen) => judgeNamespace(seen, "--pid=host"),
});

async function countProcesses(target: ProbeTarget): Promise<Result<string>> {
  const list = await target.run(readFolder("/proc", 262_144));
  if (!list.ok) return list;
  const count = list.value.ok ? list.value.value.filter(({ name }) => /^\d+$/.test(name)).length : 0;
  return ok(`${count} process${count === 1 ? "" : "es"}`);
}
