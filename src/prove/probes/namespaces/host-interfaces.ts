import { ok, type Result } from "../../../base/result.ts";
import { textFile } from "../../experiment/looks.ts";
import { judgeNamespace, type Sight, sightOf } from "../../experiment/namespace.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

export const hostInterfaces = probe<Sight>({
  id: "host-interfaces",
  control: "host-network",
  tries: "see the host's network interfaces",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "net", nameInterfaces),
  judge: (seen) => judgeNamespace(seen, "--network=host"),
});

/** /proc/net/dev: two lines of headings, then `NAME: figures` (proc(5)). */
async function nameInterfaces(target: ProbeTarget): Promise<Result<string>> {
  const table = await textFile(target, "/proc/net/dev");
  if (!table.ok) return table;
  const lines = table.value.ok ? table.value.value.split("\n").slice(2) : [];
  const names = lines.flatMap((line) => /^\s*([^:]+):/.exec(line)?.[1] ?? []);
  const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
  return ok(names.length === 0 ? "no interface" : `${names.slice(0, 4).join(", ")}${more}`);
}
