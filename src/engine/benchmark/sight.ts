import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { type SetFact, set } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { BenchmarkSight, Stock, SwarmObservations } from "../../model/host/benchmark-sight.ts";
import type { EngineClient } from "../client.ts";
import { type HostFiles, hostFiles } from "../host/files.ts";
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

/** More entries than this no image is searched for. */
const mostEntries = 400_000;

/**
 * The setuid and setgid files of an image, in the layers that overlay2 keeps on the host: the topmost layer that has a path
 * tells its mode. Undefined where the layers are not there to be read.
 */
function setuidFiles(document: unknown, root: string): readonly SetFact<string>[] | undefined {
  const data = isRecord(document) && isRecord(document.GraphDriver) ? document.GraphDriver.Data : undefined;
  const upper = textAt(data, "UpperDir");
  const lower = textAt(data, "LowerDir");
  const folders = [upper, ...(lower ?? "").split(":")].filter(
    (folder) => folder !== undefined && folder !== "",
  );
  if (folders.length === 0) return undefined;
  const seen = new Set<string>();
  const found: SetFact<string>[] = [];
  let left = mostEntries;

  function walk(layer: string, path: string): boolean {
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(join(layer, path), { withFileTypes: true });
    } catch {
      return false;
    }
    for (const entry of entries) {
      left -= 1;
      if (left < 0) return false;
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!walk(layer, inside)) return false;
        continue;
      }
      if (seen.has(inside)) continue;
      seen.add(inside);
      // What a later layer deletes stands there as a device of its own.
      if (!entry.isFile()) continue;
      const mode = lstatSync(join(layer, inside), { throwIfNoEntry: false })?.mode ?? 0;
      if ((mode & 0o6000) !== 0) found.push(set(inside, { kernel: join(layer, inside), field: "mode" }));
    }
    return true;
  }

  for (const folder of folders) if (!walk(`${root}${folder}`, "")) return undefined;
  return found;
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
