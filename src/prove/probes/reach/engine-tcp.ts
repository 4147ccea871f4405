import { ok, type Result } from "../../../base/result.ts";
import type { TcpAddress } from "../../../engine/host/sockets.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { ping, versionIn } from "../../experiment/ping.ts";
import { callAround, closed, judgeUnreached } from "../../experiment/tcp.ts";
import { type Before, type Facts, type ProbeTarget, probe, type Seen } from "../../probe.ts";

/** The default ports of an Engine, without and with TLS. */
const usualPorts = [2375, 2376];
const noEngine = "no engine";

/** @see https://docs.docker.com/engine/daemon/remote-access/ */
export const engineTcp = probe<readonly Attempt[]>({
  id: "engine-tcp",
  control: "engine-network-socket",
  others: ["host-network"],
  tries: "speak to an engine over TCP, on the host's loopback and at the network's gateway",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: knock,
  judge,
});

async function knock(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const called = await callAround(target, (gateways) => addressesOf(target.facts, gateways), ping);
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

/** An Engine on every address is reached at the loopback and the gateways. */
function addressesOf({ tcp }: Facts, gateways: readonly string[]): readonly TcpAddress[] {
  const ports = [...new Set([...usualPorts, ...tcp.map(({ port }) => port)])];
  const near = ["127.0.0.1", ...gateways].flatMap((ip) => ports.map((port) => ({ ip, port })));
  const far = tcp.filter(
    ({ ip }) => ip !== "0.0.0.0" && ip !== "::" && !ip.startsWith("127.") && ip !== "::1",
  );
  return [...near, ...far];
}

function judge({ subject, control }: Seen<readonly Attempt[]>): Before {
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
