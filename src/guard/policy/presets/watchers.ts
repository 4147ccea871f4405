import { greeting, looking, type Preset } from "./preset-shape.ts";

/** Tools that look at what runs. docker-gen and autoheal also restart containers. */
export const watcherPresets = {
  "docker-gen": {
    title: "docker-gen, alone or in nginx-proxy",
    sources: ["https://github.com/nginx-proxy/docker-gen/blob/main/internal/generator/generator.go"],
    // go-dockerclient greets nobody: it asks without a version.
    calls: [
      "GET /_ping",
      "GET /version",
      "GET /info",
      "GET /events",
      "GET /networks",
      "GET /containers/json",
      "GET /containers/{}/json",
      "POST /containers/{}/kill",
      "POST /containers/{}/restart",
    ],
    // VIRTUAL_HOST and its like are environment variables: blanked, there would be nothing to generate.
    words: { redact: false },
    hardens: true,
    note: "It reads VIRTUAL_HOST from the environment of your containers, so it sees all their variables. It can send a signal to any container and restart it: that is how it tells nginx to reload.",
  },
  diun: {
    title: "Diun: tells you of newer images",
    sources: [
      "https://github.com/crazy-max/diun/blob/master/pkg/docker/container.go",
      "https://github.com/crazy-max/diun/blob/master/pkg/docker/image.go",
      "https://github.com/crazy-max/diun/blob/master/pkg/docker/service.go",
    ],
    calls: [
      ...greeting,
      "GET /version",
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /images/{}/json",
      "GET /services",
    ],
    words: looking,
    hardens: true,
    note: "It asks registries itself: the Engine pulls nothing for it.",
  },
  autoheal: {
    title: "docker-autoheal: restarts unhealthy containers",
    sources: ["https://github.com/willfarrell/docker-autoheal/blob/main/docker-entrypoint"],
    calls: ["GET /containers/json", "POST /containers/{}/restart"],
    words: looking,
    hardens: true,
    note: "It can restart any container, healthy ones too.",
  },
  cadvisor: {
    title: "cAdvisor: names and labels for what it reads from the kernel",
    sources: [
      "https://github.com/google/cadvisor/blob/master/container/docker/docker.go",
      "https://github.com/google/cadvisor/blob/master/container/docker/handler.go",
    ],
    calls: [...greeting, "GET /version", "GET /info", "GET /containers/{}/json", "GET /images/json"],
    words: looking,
    hardens: true,
    note: "With redact, --env_metadata_whitelist finds only blanked values.",
  },
  netdata: {
    title: "Netdata: states of containers, and their names for its charts",
    sources: [
      "https://github.com/netdata/netdata/blob/master/src/go/plugin/go.d/collector/docker/collect.go",
      "https://github.com/netdata/netdata/blob/master/src/collectors/cgroups.plugin/cgroup-name.sh.in",
    ],
    calls: [...greeting, "GET /info", "GET /containers/json", "GET /containers/{}/json", "GET /images/json"],
    words: looking,
    hardens: true,
    note: undefined,
  },
  crowdsec: {
    title: "CrowdSec: reads the logs of containers and services",
    sources: ["https://github.com/crowdsecurity/crowdsec/blob/master/pkg/acquisition/modules/docker/run.go"],
    calls: [
      ...greeting,
      "GET /info",
      "GET /events",
      "GET /containers/json",
      "GET /containers/{}/json",
      "GET /containers/{}/logs",
      "GET /services",
      "GET /services/{}",
      "GET /services/{}/logs",
    ],
    words: looking,
    hardens: true,
    note: "It reads every container's log. What a program writes there is not blanked.",
  },
} as const satisfies Readonly<Record<string, Preset>>;
