import { ok, type Result } from "../../../base/result.ts";
import type { TcpAddress } from "../../../engine/host-sockets.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { textFile } from "../../experiment/looks.ts";
import { call, gatewaysIn } from "../../experiment/tcp.ts";
import { type Before, type Facts, type ProbeTarget, probe, type Seen } from "../../probe.ts";

/** Where engines listen that were told no other port. */
const usualPorts = [2375, 2376];
const question = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";

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
  const routes = await textFile(target, "/proc/net/route");
  if (!routes.ok) return routes;
  const gateways = routes.value.ok ? gatewaysIn(routes.value.value) : [];
  const called = await target.run(call(addressesOf(target.facts, gateways), question));
  if (!called.ok) return called;
  return ok(
    called.value.map(({ what, error, answer }) => {
      if (error !== undefined) return { what, error };
      const version = /^Api-Version: *([\d.]+)/im.exec(answer)?.[1];
      if (version !== undefined) {
        return { what: `${what}, where an Engine answers with API ${version},`, error: undefined };
      }
      return { what, error: answer.includes("HTTPS server") ? "wants TLS" : "no engine" };
    }),
  );
}

/** Wildcards stand for the loopback and the gateways. */
function addressesOf({ tcp }: Facts, gateways: readonly string[]): readonly TcpAddress[] {
  const ports = [...new Set([...usualPorts, ...tcp.map(({ port }) => port)])];
  const near = ["127.0.0.1", ...gateways].flatMap((ip) => ports.map((port) => ({ ip, port })));
  const far = tcp.filter(
    ({ ip }) => ip !== "0.0.0.0" && ip !== "::" && !ip.startsWith("127.") && ip !== "::1",
  );
  return [...near, ...far];
}

const closed = ["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "no answer", "no engine"];

function judge({ subject, control }: Seen<readonly Attempt[]>): Before {
  const reached = subject.filter(({ error }) => error === undefined);
  if (reached.length > 0) return judgeAttempts({ subject: reached, control }, []);
  const locked = subject.filter(({ error }) => error === "wants TLS");
  if (locked.length > 0) {
    return {
      outcome: "inconclusive",
      evidence: `${locked.map(({ what }) => what).join(", ")} speaks TLS; whether it lets in who has no certificate was not tried`,
    };
  }
  if (control.ok && control.value.every(({ error }) => error !== undefined)) {
    return { outcome: "notApplicable", evidence: "no engine listens on TCP at the host" };
  }
  const some = subject.filter(({ error }) => error !== "no engine");
  return judgeAttempts(
    {
      subject: [{ what: `${subject.length} addresses`, error: strangest(some) ?? "no engine" }],
      control: control.ok ? ok(control.value.filter(({ error }) => error === undefined)) : control,
    },
    closed,
    { looser: "a container with --network=host" },
  );
}

/** An error that is not that of a closed door, if there is one. */
function strangest(attempts: readonly Attempt[]): string | undefined {
  const errors = attempts.flatMap(({ error }) => error ?? []);
  return errors.find((error) => !closed.includes(error)) ?? errors[0];
}
