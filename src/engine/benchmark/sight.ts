import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { type SetFact, set } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { BenchmarkSight, Stock, SwarmObservations } from "../../model/host/benchmark-sight.ts";
import type { EngineClient } from "../client.ts";
import { type HostFiles, hostFiles } from "../host/files.ts";
import { layersOf, modeFilesIn } from "../host/gaining.ts";
import type { HostSight } from "../host/host.ts";
import type { LiveReading } from "../read/live-reading.ts";
import { type Questions, questions } from "../read/questions.ts";
import { observeHost } from "./host.ts";

/** Reads what only a benchmark asks for. Never rejects. */
export async function readBenchmarkSight(
  client: EngineClient,
  reading: LiveReading,
  environment: Readonly<Record<string, string | undefined>>,
  files: HostFiles = hostFiles,
): Promise<{ readonly sight: BenchmarkSight; readonly gaps: readonly Gap[] }> {
  const asked = questions(client);
  const subject = "engine";
  const [info, images] = await Promise.all([
    asked.ask("/info", { otherwise: "the Engine did not describe itself", subject }),
    asked.ask("/images/json", { otherwise: "the Engine did not list its images", subject }),
  ]);
  const { host, engine } = reading;
  const view = engine?.views[0];
  const names = new Map(
    itemsOf(images).flatMap((image) =>
      textsOf(isRecord(image) ? image.RepoTags : undefined).map(
        (tag) => [tag, textAt(image, "Id") ?? ""] as const,
      ),
    ),
  );
  const setuid = new Map<string, readonly SetFact<string>[]>();
  if (host) {
    for (const { name } of reading.images) {
      const path = name.split("/").map(encodeURIComponent).join("/");
      const document = await asked.ask(`/images/${path}/json`, {
        otherwise: `the image ${name} cannot be inspected`,
        mayVanish: true,
      });
      const found = setuidFiles(document, host.root);
      if (found) setuid.set(name, found);
    }
  }
  const sight: BenchmarkSight = {
    host: host && view && host.process === "dockerd" ? observeHost(view, host, files) : undefined,
    swarm: await observeSwarm(info, asked, host),
    images: Array.isArray(images) ? names : undefined,
    stock: stockOf(info, images, reading),
    setuidFiles: setuid,
    contentTrust: environment.DOCKER_CONTENT_TRUST,
  };
  return { sight, gaps: [...asked.gaps(), ...(asked.lost() ? [gap(asked.lost() ?? "", { subject })] : [])] };
}

function stockOf(info: unknown, images: unknown, { containers }: LiveReading): Stock | undefined {
  if (!isRecord(info) || !Array.isArray(images)) return undefined;
  const used = new Set(containers.flatMap(({ subject }) => subject.views[0]?.inspected?.imageId ?? []));
  const running = info.ContainersRunning;
  const all = info.Containers;
  return {
    images: images.length,
    usedImages: used.size,
    containers: typeof all === "number" ? all : containers.length,
    runningContainers:
      typeof running === "number" ? running : containers.filter((each) => each.running).length,
  };
}

/** The setuid and setgid files of an image. Undefined where its layers cannot be read here. */
function setuidFiles(document: unknown, root: string): readonly SetFact<string>[] | undefined {
  const layers = layersOf(document).map((folder) => `${root}${folder}`);
  if (layers.length === 0) return undefined;
  return modeFilesIn(layers)?.map(({ path, file }) => set(path, { kernel: file, field: "mode" }));
}

const managerPort = 2377;
const hour = 3_600_000_000_000;

/** The swarm that the Engine is in; undefined where it is in none, or does not tell. */
async function observeSwarm(
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
