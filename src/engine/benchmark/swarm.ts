import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { SwarmObservations } from "../../model/host/benchmark-sight.ts";
import type { HostSight } from "../host/host.ts";
import type { Questions } from "../read/questions.ts";

const managerPort = 2377;
const hour = 3_600_000_000_000;

/** The swarm that the Engine is in; undefined where it is in none, or does not tell. */
export async function observeSwarm(
  info: unknown,
  asked: Questions,
  host: HostSight | undefined,
): Promise<SwarmObservations | undefined> {
  const swarm = recordAt(info, "Swarm");
  if (swarm.LocalNodeState !== "active") return undefined;
  const question = (path: string, what: string) =>
    asked.ask(path, { otherwise: `the swarm's ${what} cannot be read`, subject: "engine" });
  const isManager = swarm.ControlAvailable === true;
  const [document, networks, secrets, services] = isManager
    ? await Promise.all([
        question("/swarm", "settings"),
        question("/networks", "networks"),
        question("/secrets", "secrets"),
        question("/services", "services"),
      ])
    : [];
  const spec = recordAt(document, "Spec");
  const expiry = recordAt(spec, "CAConfig").NodeCertExpiry;
  const overlays = itemsOf(networks).filter((each) => textAt(each, "Driver") === "overlay");
  return {
    managers: typeof swarm.Managers === "number" ? swarm.Managers : 0,
    details: isRecord(document)
      ? {
          autoLock: recordAt(spec, "EncryptionConfig").AutoLockManagers === true,
          nodeCertificateHours: typeof expiry === "number" ? expiry / hour : 0,
          secrets: itemsOf(secrets).length,
          services: itemsOf(services).length,
          overlays: overlays.map((each) => ({
            name: textAt(each, "Name") ?? "",
            encrypted: Object.hasOwn(recordAt(each, "Options"), "encrypted"),
          })),
        }
      : undefined,
    managerAddresses: host?.tcp.filter(({ port }) => port === managerPort).map(({ ip }) => ip),
    advertiseAddress: textAt(swarm, "NodeAddr"),
    dataPathAddress: undefined,
  };
}
