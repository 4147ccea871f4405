import { ok, type Result } from "../../../base/result.ts";
import type { TcpAddress } from "../../../engine/host/sockets.ts";
import { setItems } from "../../../model/fact.ts";
import type { Attempt } from "../../experiment/attempts.ts";
import { callAround, judgeUnreached } from "../../experiment/tcp.ts";
import { type Before, type Facts, type ProbeTarget, probe, type Seen } from "../../probe.ts";

/** How many ports of the host are tried: each takes a proof's time. */
const most = 64;

/** Connects and sends nothing. The twin runs no service, so what answers on its loopback is the host's. */
export const hostPorts = probe<readonly Attempt[]>({
  id: "host-ports",
  control: "host-network",
  tries: "connect to services that listen on the host, by its loopback or the network's gateway",
  inPlace: false,
  looser: "hostNamespaces",
  before(facts) {
    if (facts.hostPorts === undefined)
      return { outcome: "notApplicable", evidence: "the host's ports cannot be seen from here" };
    return portsOfOthers(facts).length === 0
      ? { outcome: "notApplicable", evidence: "nothing else listens on TCP at the host" }
      : undefined;
  },
  experiment: connect,
  judge,
});

async function connect(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const called = await callAround(target, (gateways) => addressesOf(target.facts, gateways));
  return called.ok ? ok(called.value.map(({ what, error }) => ({ what, error }))) : called;
}

/** Without those that the container publishes: behind them is only itself. */
function portsOfOthers({ hostPorts = [], view }: Facts): readonly TcpAddress[] {
  const own = setItems(view.ports).flatMap(({ value }) => (value.protocol === "tcp" ? [value.hostPort] : []));
  return hostPorts.filter(({ port }) => !own.includes(String(port)));
}

/** A port on every address is reached at the loopback and the gateways. */
function addressesOf(facts: Facts, gateways: readonly string[]): readonly TcpAddress[] {
  const addresses = portsOfOthers(facts)
    .slice(0, most)
    .flatMap(({ ip, port }) => {
      const isAnywhere = ip === "0.0.0.0" || ip === "::";
      const ips = isAnywhere ? ["127.0.0.1", ...gateways] : [ip];
      return ips.map((each) => ({ ip: each, port }));
    });
  return [...new Map(addresses.map((each) => [`${each.ip} ${each.port}`, each])).values()];
}

function judge({ subject, control }: Seen<readonly Attempt[]>): Before {
  const reached = subject.filter(({ error }) => error === undefined);
  if (reached.length > 0) {
    const more = reached.length > 6 ? ` and ${reached.length - 6} more` : "";
    const named = reached.slice(0, 6).map(({ what }) => what);
    return { outcome: "notHeld", evidence: `it connects to ${named.join(", ")}${more}` };
  }
  return judgeUnreached(
    { subject, control },
    {
      what: "addresses of the host",
      nowhere: "no port of the host takes a connection",
      listens: true,
    },
  );
}
