import type { PolicyWords } from "../schema.ts";
import type { PresetName } from "./preset-names.ts";

/** What a tool needs of the Engine, read in its own sources. Everything else is denied. */
export interface Preset {
  readonly title: string;
  /** Where its calls stand. */
  readonly sources: readonly string[];
  /** Method and path of the routes, a placeholder as `{}`. `everything` is all but what gives the host away. */
  readonly calls: readonly string[] | "everything";
  /** Beside the routes. */
  readonly words: PolicyWords;
  /** Whether what it makes is hardened; what controls deny is denied all the same. */
  readonly hardens: boolean;
  /** What whoever takes it has to know; printed in docs/guard.md. */
  readonly note: string | undefined;
}

type FixedPreset = Exclude<PresetName, "docker-socket-proxy">;

/** What every client of Docker's own Go library asks first, to settle the version of the API; GET where HEAD fails. */
const greeting = ["HEAD /_ping", "GET /_ping"];

const watching = ["GET /containers/json", "GET /containers/{}/json", "GET /events"];

/** A client that only looks has no business with what is secret. */
const looking: PolicyWords = { redact: true };

const oldVersions =
  "The guard speaks API 1.41 and newer, as Docker 29 refuses what is older than 1.44: set DOCKER_API_VERSION=1.44 where the tool asks for an older one.";

export const presets: Readonly<Record<FixedPreset, Preset>> = {
  traefik: {
    title: "Traefik's providers docker and swarm",
    sources: [
      "https://github.com/traefik/traefik/blob/master/pkg/provider/docker/pdocker.go",
      "https://github.com/traefik/traefik/blob/master/pkg/provider/docker/pswarm.go",
    ],
    calls: [
      ...greeting,
      "GET /version",
      ...watching,
      "GET /services",
      "GET /tasks",
      "GET /networks",
      "GET /nodes/{}",
    ],
    words: looking,
    hardens: true,
    note: "Traefik before 3.6.1 asks for API 1.24 and 2.x cannot be told otherwise: both are denied, as Docker 29 denies them.",
  },
  watchtower: {
    title: "Watchtower: pulls newer images and makes containers anew",
    sources: [
      "https://github.com/containrrr/watchtower/blob/main/pkg/container/client.go",
      // The fork that goes on: it asks for info, stops instead of killing, and changes the restart policy.
      "https://github.com/nicholas-fedor/watchtower/blob/main/pkg/container/client.go",
    ],
    calls: [
      ...greeting,
      "GET /info",
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /images/{}/json",
      "POST /images/create",
      "DELETE /images/{}",
      "POST /containers/create",
      "POST /containers/{}/start",
      "POST /containers/{}/stop",
      "POST /containers/{}/kill",
      "POST /containers/{}/rename",
      "POST /containers/{}/update",
      "DELETE /containers/{}",
      "POST /networks/{}/connect",
      "POST /networks/{}/disconnect",
      "POST /containers/{}/exec",
      "POST /exec/{}/start",
      "GET /exec/{}/json",
    ],
    // It makes again what somebody else made, from what inspect says: with blanked values a container would come back
    // without its environment, and a hardened one might not come back at all.
    words: { redact: false },
    hardens: false,
    note: `It needs to see environments, to make containers with them again. What it makes again is judged but not hardened; a container that fails a control that denies, such as a privileged one, is not updated. ${oldVersions}`,
  },
  portainer: {
    title: "Portainer: everything but what gives the host away",
    sources: [
      "https://github.com/portainer/portainer/blob/develop/api/http/proxy/factory/docker/transport.go",
    ],
    calls: "everything",
    words: { redact: false },
    hardens: true,
    note: "It edits a container by making it anew from what inspect says, so it sees environments. Swarm and plugins stay denied.",
  },
  dozzle: {
    title: "Dozzle: logs, as they come",
    sources: ["https://github.com/amir20/dozzle/blob/master/internal/docker/client.go"],
    calls: [
      ...greeting,
      "GET /version",
      ...watching,
      "GET /info",
      "GET /containers/{}/logs",
      "GET /containers/{}/stats",
    ],
    words: looking,
    hardens: true,
    note: "With DOZZLE_ENABLE_ACTIONS allow the routes container-start, container-stop and container-restart, too; DOZZLE_ENABLE_SHELL is an exec into anything.",
  },
  homepage: {
    title: "Homepage: the state of containers and services",
    sources: [
      "https://github.com/gethomepage/homepage/blob/main/src/utils/docker/status.js",
      "https://github.com/gethomepage/homepage/blob/main/src/utils/config/service-helpers.js",
    ],
    // dockerode greets nobody: it asks without a version.
    calls: [
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /containers/{}/stats",
      "GET /services",
      "GET /services/{}",
      "GET /tasks",
    ],
    words: looking,
    hardens: true,
    note: undefined,
  },
  prometheus: {
    title: "Prometheus: service discovery, cAdvisor, telegraf, and exporters that read statistics",
    sources: [
      "https://github.com/prometheus/prometheus/blob/main/discovery/moby/docker.go",
      "https://github.com/prometheus/prometheus/blob/main/discovery/moby/dockerswarm.go",
      "https://github.com/google/cadvisor/blob/master/container/docker/docker.go",
      "https://github.com/influxdata/telegraf/blob/master/plugins/inputs/docker/docker.go",
    ],
    calls: [
      ...greeting,
      "GET /version",
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /info",
      "GET /system/df",
      "GET /containers/{}/stats",
      "GET /images/json",
      "GET /networks",
      "GET /services",
      "GET /tasks",
      "GET /nodes",
    ],
    words: looking,
    hardens: true,
    note: "With redact, cAdvisor's --env_metadata_whitelist finds only blanked values.",
  },
  "ci-runner": {
    title: "A CI runner (gitlab-runner's docker executor, act, the docker CLI in a job)",
    sources: [
      "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/main/helpers/docker/client.go",
      "https://github.com/nektos/act/tree/master/pkg/container",
    ],
    calls: [
      ...greeting,
      "GET /version",
      "GET /info",
      "GET /events",
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /containers/{}/logs",
      "GET /containers/{}/stats",
      "GET /containers/{}/top",
      "POST /containers/create",
      "POST /containers/{}/start",
      "POST /containers/{}/stop",
      "POST /containers/{}/restart",
      "POST /containers/{}/kill",
      "POST /containers/{}/wait",
      "POST /containers/{}/resize",
      "POST /containers/{}/attach",
      "DELETE /containers/{}",
      "POST /containers/{}/exec",
      "POST /exec/{}/start",
      "POST /exec/{}/resize",
      "GET /exec/{}/json",
      "HEAD /containers/{}/archive",
      "GET /containers/{}/archive",
      "PUT /containers/{}/archive",
      "GET /images/json",
      "GET /images/{}/json",
      "POST /images/create",
      "POST /images/{}/tag",
      "POST /build",
      "POST /session",
      "POST /grpc",
      "GET /networks",
      "GET /networks/{}",
      "POST /networks/create",
      "POST /networks/{}/connect",
      "POST /networks/{}/disconnect",
      "DELETE /networks/{}",
      "GET /volumes",
      "GET /volumes/{}",
      "POST /volumes/create",
      "DELETE /volumes/{}",
    ],
    words: { owner: true, redact: false },
    hardens: true,
    note: "Jobs see and touch only what carries the runner's label bulkhead.owner.",
  },
  "read-only": {
    title: "Whoever only looks: lists, inspect, logs and statistics, without values of environments",
    sources: ["https://docs.docker.com/reference/api/engine/"],
    calls: [
      ...greeting,
      "GET /version",
      ...watching,
      "GET /info",
      "GET /system/df",
      "GET /containers/{}/logs",
      "GET /containers/{}/stats",
      "GET /containers/{}/top",
      "GET /containers/{}/changes",
      "GET /exec/{}/json",
      "GET /images/json",
      "GET /images/{}/json",
      "GET /images/{}/history",
      "GET /networks",
      "GET /networks/{}",
      "GET /volumes",
      "GET /volumes/{}",
      "GET /services",
      "GET /services/{}",
      "GET /tasks",
      "GET /tasks/{}",
      "GET /nodes",
      "GET /nodes/{}",
    ],
    words: looking,
    hardens: true,
    note: "What a program writes into its log is not blanked.",
  },
};
