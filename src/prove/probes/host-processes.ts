import { ok, type Result } from "../../model/result.ts";
import { readFolder } from "../look.ts";
import { judgeNamespace, type Sight, sightOf } from "../namespace.ts";
import { probe, type Stage } from "../probe.ts";

export const hostProcesses = probe<Sight>({
  id: "host-processes",
  control: "host-pid",
  tries: "see the host's processes",
  touchesHost: false,
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (stage) => sightOf(stage, "pid", countProcesses),
  judge: (seen) => judgeNamespace(seen, "--pid=host"),
});

async function countProcesses(stage: Stage): Promise<Result<string>> {
  const list = await stage.run(readFolder("/proc", 262_144));
  if (!list.ok) return list;
  const count = list.value.ok ? list.value.value.filter(({ name }) => /^\d+$/.test(name)).length : 0;
  return ok(`${count} process${count === 1 ? "" : "es"}`);
}
