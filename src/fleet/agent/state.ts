import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { projectOf } from "../../model/container.ts";
import type { Watch } from "../../watch/watch.ts";
import type { ContainerNow, HostNow } from "../protocol/report.ts";

/** What a host is and runs now. Before everything was read nothing is said of its containers. */
export function hostNow(
  host: Pick<HostNow, "name" | "engine" | "version" | "labels">,
  watch: Watch | undefined,
  isReady: boolean,
): HostNow {
  const connected = watch?.status().connected ?? false;
  return {
    ...host,
    connected,
    ...(watch && isReady ? { containers: watch.containers().map(containerNow) } : {}),
  };
}

/** A container with its image and its Compose project, as far as they are known. */
export function containerNow({ name, running, subject }: LiveContainer) {
  const view = subject.views[0];
  const image = view?.image.state === "set" ? view.image.value : undefined;
  const project = view && projectOf(view);
  return { name, image, project, running } satisfies ContainerNow;
}
