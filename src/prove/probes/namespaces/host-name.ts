import { ok, type Result } from "../../../base/result.ts";
import { textOf } from "../../experiment/attempts.ts";
import { judgeNamespace, type Sight, sightOf } from "../../experiment/namespace.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

export const hostName = probe<Sight>({
  id: "host-name",
  control: "host-uts",
  tries: "see the host's name",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: (target) => sightOf(target, "uts", readName),
  judge: (seen) => judgeNamespace(seen, "--uts=host"),
});

/** struct utsname (uname(2)): six texts of 65 bytes, the second the name. */
async function readName(target: ProbeTarget): Promise<Result<string>> {
  const name = await target.run((builder) => {
    const memory = builder.space(6 * 65);
    builder.call("uname", memory);
    return (ran) => textOf(ran, { ...memory, offset: memory.offset + 65, size: 65 });
  });
  return name.ok ? ok(`the name ${name.value}`) : name;
}
