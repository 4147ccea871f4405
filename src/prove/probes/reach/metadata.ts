import { ok } from "../../../base/result.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { call, closed } from "../../experiment/tcp.ts";
import { type Before, probe, type Seen } from "../../probe.ts";

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
export const metadata = probe<readonly Attempt[]>({
  id: "cloud-metadata",
  control: "host-network",
  tries: "reach the cloud's metadata service, which hands out the machine's credentials",
  inPlace: true,
  looser: "hostNamespaces",
  experiment: async (target) => {
    const called = await target.run(call(addresses));
    return called.ok ? ok(called.value.map(({ what, error }) => ({ what, error }))) : called;
  },
  judge,
});

function judge({ subject, control }: Seen<readonly Attempt[]>): Before {
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
