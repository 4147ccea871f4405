import type { Engine } from "../../model/engine.ts";
import { setItems } from "../../model/fact.ts";
import { baseName, canonicalPath, isAtOrBelow, isPipe } from "./host-path.ts";

/** What stands behind a socket, in the words of a message. */
type Service = "the Docker Engine" | "containerd" | "Podman" | "CRI-O" | "BuildKit" | "a container runtime";

/** The names that the sockets of container engines go by, wherever they stand (rootless and Desktop ones too). */
const names: Readonly<Record<string, Service>> = {
  "docker.sock": "the Docker Engine",
  "docker.raw.sock": "the Docker Engine",
  "docker-cli.sock": "the Docker Engine",
  docker_engine: "the Docker Engine",
  "containerd.sock": "containerd",
  "containerd.sock.ttrpc": "containerd",
  "containerd-debug.sock": "containerd",
  "podman.sock": "Podman",
  "crio.sock": "CRI-O",
  "buildkitd.sock": "BuildKit",
  "cri-dockerd.sock": "a container runtime",
  "dockershim.sock": "a container runtime",
};

/** Where they stand by default. A folder above one of these leads to it. */
const places = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/docker/containerd/containerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock",
  "/run/buildkit/buildkitd.sock",
] as const;

/** The service whose socket the path names; undefined where it names none. A Windows pipe counts too. */
export function socketService(path: string, engine: Engine | undefined): Service | undefined {
  if (isPipe(path)) return names[path.split(/[\\/]/).at(-1) ?? ""];
  return engineSockets(engine).includes(path) ? "the Docker Engine" : names[baseName(path)];
}

/** A socket that a folder leads to; undefined where it leads to none that is known. */
export function socketBelow(path: string, engine: Engine | undefined): string | undefined {
  return [...engineSockets(engine), ...places].find((socket) => isAtOrBelow(socket, path));
}

function engineSockets(engine: Engine | undefined): readonly string[] {
  return setItems(engine?.listenAddresses ?? []).flatMap(({ value }) =>
    value.address.startsWith("unix://") ? [canonicalPath(value.address.slice("unix://".length))] : [],
  );
}
