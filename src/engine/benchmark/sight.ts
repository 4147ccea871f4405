import { isRecord, itemsOf, textAt, textsOf } from "../../base/json.ts";
import type { SetFact } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { BenchmarkSight, Stock } from "../../model/host/benchmark-sight.ts";
import type { EngineClient } from "../client.ts";
import { type HostFiles, hostFiles } from "../host/files.ts";
import type { LiveReading } from "../read/live-reading.ts";
import { questions } from "../read/questions.ts";
import { observeHost } from "./host.ts";
import { setuidFiles } from "./layers.ts";
import { observeSwarm } from "./swarm.ts";

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
