import { ok, type Result } from "../../base/result.ts";
import type { TcpAddress } from "../../engine/host/reach.ts";
import { setItems } from "../../model/fact.ts";
import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import { call, callAround, closed, judgeUnreached, ping, versionIn } from "../experiment/tcp.ts";
import { type Before, type Facts, measurement, type ProbeRuns, type ProbeTarget } from "../probe.ts";

/** The default ports of an Engine, without and with TLS. */
const usualPorts = [2375, 2376];
const noEngine = "no engine";

/** @see https://docs.docker.com/engine/daemon/remote-access/ */
export const engineTcp = measurement<readonly Attempt[]>({
  id: "engine-tcp",
  control: "engine-network-socket",
  others: ["host-network"],
  tries: "speak to an engine over TCP, on the host's loopback and at the network's gateway",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: knock,
  judge: judgeEngine,
});

async function knock(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const called = await callAround(target, (gateways) => engineAddresses(target.facts, gateways), ping);
  if (!called.ok) return called;
  return ok(
    called.value.map(({ what, error, answer }) => {
      if (error !== undefined) return { what, error };
      const version = versionIn(answer);
      if (version !== undefined) {
        return { what: `${what}, where an Engine answers with API ${version},`, error: undefined };
      }
      return { what, error: answer.includes("HTTPS server") ? "wants TLS" : noEngine };
    }),
  );
}

/** The usual ports, and everything that listens at the host. One on every address is reached at the loopback and the gateways. */
function engineAddresses(facts: Facts, gateways: readonly string[]): readonly TcpAddress[] {
  const usual = usualPorts.map((port) => ({ ip: "0.0.0.0", port }));
  return around([...usual, ...facts.tcp, ...portsOfOthers(facts)], gateways);
}

function judgeEngine({ subject, control }: ProbeRuns<readonly Attempt[]>): Before {
  const reached = subject.filter(({ error }) => error === undefined);
  if (reached.length > 0) return judgeAttempts({ subject: reached, control }, []);
  const locked = subject.filter(({ error }) => error === "wants TLS");
  if (locked.length > 0) {
    return {
      outcome: "inconclusive",
      evidence: `${locked.map(({ what }) => what).join(", ")} speaks TLS; whether it accepts a client without a certificate was not tried`,
    };
  }
  return judgeUnreached(
    { subject, control },
    { what: "addresses", nowhere: "no engine listens on TCP at the host", as: [...closed, noEngine] },
  );
}

/** How many ports of the host are tried: each takes a proof's time. */
const most = 64;

/** Connects and sends nothing. The twin runs no service, so what answers on its loopback is the host's. */
export const hostPorts = measurement<readonly Attempt[]>({
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
  judge: judgePorts,
});

async function connect(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const called = await callAround(target, (gateways) => portAddresses(target.facts, gateways));
  return called.ok ? ok(called.value.map(({ what, error }) => ({ what, error }))) : called;
}

/** Without those that the container publishes: behind them is only itself. */
function portsOfOthers({ hostPorts = [], view, published = [] }: Facts): readonly TcpAddress[] {
  const declared = setItems(view.ports).flatMap(({ value }) => {
    const [first, last = first] = (value.hostPort ?? "").split("-").map(Number);
    return value.protocol === "tcp" && first && last ? [{ ip: value.hostIp ?? "", first, last }] : [];
  });
  const own = [...declared, ...published.map(({ ip, port }) => ({ ip, first: port, last: port }))];
  const isOwn = ({ ip, port }: TcpAddress) =>
    own.some((each) => (isEvery(each.ip) || each.ip === ip) && each.first <= port && port <= each.last);
  return hostPorts.filter((each) => !isOwn(each));
}

/** Every address of the host: nobody else listens on that port. */
function isEvery(ip: string): boolean {
  return ip === "" || ip === "0.0.0.0" || ip === "::";
}

function portAddresses(facts: Facts, gateways: readonly string[]): readonly TcpAddress[] {
  return around(portsOfOthers(facts).slice(0, most), gateways);
}

/** Where a listening address is reached from a container: one on every address at the loopback and the gateways. */
function around(listening: readonly TcpAddress[], gateways: readonly string[]): readonly TcpAddress[] {
  const addresses = listening.flatMap(({ ip, port }) => {
    const ips = isEvery(ip) ? ["127.0.0.1", ...gateways] : [ip];
    return ips.map((each) => ({ ip: each, port }));
  });
  return [...new Map(addresses.map((each) => [`${each.ip} ${each.port}`, each])).values()];
}

function judgePorts({ subject, control }: ProbeRuns<readonly Attempt[]>): Before {
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
      nowhere: "no port of the host accepts a connection",
      listens: true,
    },
  );
}

/** AWS, Azure, Google Cloud, OpenStack and others; AWS over IPv6; Alibaba Cloud. */
const addresses = [
  { ip: "169.254.169.254", port: 80 },
  { ip: "fd00:ec2::254", port: 80 },
  { ip: "100.100.100.200", port: 80 },
];

const unreached = [...closed, "EAFNOSUPPORT", "EACCES"];

/**
 * Connects and sends nothing.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export const metadata = measurement<readonly Attempt[]>({
  id: "cloud-metadata",
  control: "host-network",
  tries: "reach the cloud's metadata service, which hands out the machine's credentials",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: async (target) => {
    const called = await target.run(call(addresses));
    return called.ok ? ok(called.value.map(({ what, error }) => ({ what, error }))) : called;
  },
  judge: judgeMetadata,
});

function judgeMetadata({ subject, control }: ProbeRuns<readonly Attempt[]>): Before {
  const reached = subject.filter(({ error }) => error === undefined);
  if (reached.length > 0) {
    return { outcome: "notHeld", evidence: `it connects to ${reached.map(({ what }) => what).join(", ")}` };
  }
  if (!control.ok) return judgeAttempts({ subject, control }, unreached);
  const there = new Set(control.value.flatMap(({ what, error }) => (error === undefined ? [what] : [])));
  if (there.size === 0) return { outcome: "notApplicable", evidence: "the host itself reaches none" };
  const counts = (attempt: Attempt) => there.has(attempt.what);
  return judgeAttempts(
    { subject: subject.filter(counts), control: ok(control.value.filter(counts)) },
    unreached,
    { looser: "a container with --network=host" },
  );
}
