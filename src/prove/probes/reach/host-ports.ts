import { ok, type Result } from "../../../base/result.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { textFile } from "../../experiment/looks.ts";
import { call, gatewaysIn } from "../../experiment/tcp.ts";
import { type Before, type ProbeTarget, probe, type Seen } from "../../probe.ts";

/** Ports of the host that are tried; more would take a proof's time. */
const most = 64;

/** Connects and says nothing. The twin runs no service of its own, so that its loopback can only be the host's. */
export const hostPorts = probe<readonly Attempt[]>({
  id: "host-ports",
  control: "host-network",
  tries: "connect to services that listen on the host, by its loopback or the network's gateway",
  inPlace: false,
  looser: "hostNamespaces",
  before: ({ hostPorts }) => {
    if (hostPorts === undefined)
      return { outcome: "notApplicable", evidence: "the host's ports cannot be seen from here" };
    return hostPorts.length === 0
      ? { outcome: "notApplicable", evidence: "nothing listens on TCP at the host" }
      : undefined;
  },
  experiment: connect,
  judge,
});

async function connect(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const routes = await textFile(target, "/proc/net/route");
  if (!routes.ok) return routes;
  const gateways = routes.value.ok ? gatewaysIn(routes.value.value) : [];
  const addresses = (target.facts.hostPorts ?? []).slice(0, most).flatMap(({ ip, port }) => {
    const isAnywhere = ip === "0.0.0.0" || ip === "::";
    const ips = isAnywhere ? ["127.0.0.1", ...gateways] : [ip];
    return ips.map((each) => ({ ip: each, port }));
  });
  const unique = [...new Map(addresses.map((each) => [`${each.ip} ${each.port}`, each])).values()];
  const called = await target.run(call(unique));
  return called.ok ? ok(called.value.map(({ what, error }) => ({ what, error }))) : called;
}

const closed = ["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "EADDRNOTAVAIL", "no answer"];

function judge({ subject, control }: Seen<readonly Attempt[]>): Before {
  const reached = subject.filter(({ error }) => error === undefined);
  if (reached.length > 0) {
    const more = reached.length > 6 ? ` and ${reached.length - 6} more` : "";
    const named = reached.slice(0, 6).map(({ what }) => what);
    return { outcome: "notHeld", evidence: `it connects to ${named.join(", ")}${more}` };
  }
  if (control.ok && control.value.every(({ error }) => error !== undefined)) {
    return { outcome: "notApplicable", evidence: "no port of the host takes a connection" };
  }
  const errors = subject.flatMap(({ error }) => error ?? []);
  return judgeAttempts(
    {
      subject: [
        {
          what: `${subject.length} addresses of the host`,
          error: errors.find((error) => !closed.includes(error)) ?? errors[0],
        },
      ],
      control: control.ok ? ok(control.value.filter(({ error }) => error === undefined)) : control,
    },
    closed,
    { looser: "a container with --network=host" },
  );
}
