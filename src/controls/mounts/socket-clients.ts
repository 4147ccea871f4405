/** What a program reads the place of the Engine's socket from. */
export type SocketSetting =
  /** An environment variable: its address, or its path. */
  | { readonly variable: string; readonly isPath?: true }
  /** An argument. `beside`: the program reads no file any more if it has one, so it must have others already. */
  | { readonly option: string; readonly short?: string; readonly beside?: true }
  /** A configuration file, and the setting in it. */
  | { readonly file: string };

export interface SocketClient {
  /** The guard's preset that lets through what it calls; `proxy`: it is a proxy itself. Undefined: the default policy is for it. */
  readonly preset: string | undefined;
  /** Undefined: not known, most programs read DOCKER_HOST. `none`: it opens /var/run/docker.sock in any case. */
  readonly setting: SocketSetting | "none" | undefined;
}

const byHost = { variable: "DOCKER_HOST" };

/** Images that ask for the Engine's socket. The pages of the presets (docs/guard) have each as it was run, or its source. */
const clients: readonly (readonly [
  image: RegExp,
  preset: string | undefined,
  setting: SocketSetting | "none",
])[] = [
  [/(?:^|\/)docker-socket-proxy\b/, "proxy", "none"],
  [/(?:^|\/)traefik\b/, "traefik", { option: "--providers.docker.endpoint", beside: true }],
  [/(?:^|\/)watchtower\b/, "watchtower", byHost],
  [/(?:^|\/)portainer/, "portainer", { option: "--host", short: "-H" }],
  [/(?:^|\/)dozzle\b/, "dozzle", byHost],
  [/(?:^|\/)homepage\b/, "homepage", { file: "`socket:` in its docker.yaml" }],
  [/(?:^|\/)(?:docker-gen|nginx-proxy)\b/, "docker-gen", byHost],
  [/(?:^|\/)diun\b/, "diun", { variable: "DIUN_PROVIDERS_DOCKER_ENDPOINT" }],
  [/(?:^|\/)(?:docker-)?autoheal\b/, "autoheal", { variable: "DOCKER_SOCK", isPath: true }],
  [/(?:^|\/)cadvisor\b/, "cadvisor", { option: "--docker" }],
  [/(?:^|\/)netdata\b/, "netdata", byHost],
  [/(?:^|\/)crowdsec\b/, "crowdsec", { file: "`docker_host:` in its acquis.yaml" }],
  [/(?:^|\/)prometheus\b/, "prometheus", { file: "`host:` of docker_sd_configs in its prometheus.yml" }],
  [/(?:^|\/)telegraf\b/, "prometheus", { file: "`endpoint` of inputs.docker in its telegraf.conf" }],
  [
    /(?:^|\/)grafana\b/,
    "prometheus",
    { file: "`host` of discovery.docker in the configuration of Grafana Alloy" },
  ],
  [/(?:^|\/)gitlab-runner\b/, "gitlab-runner", { file: "`host` of runners.docker in its config.toml" }],
  [/(?:^|\/)(?:act_runner|act|runner)\b/, "act", byHost],
  [/(?:^|\/)(?:actions-runner|github-runner)\b/, "github-runner", byHost],
  [/(?:^|\/)jenkins\b/, "jenkins", byHost],
  [/(?:^|\/)(?:drone-runner|agent|woodpecker-agent)\b/, "ci-runner", byHost],
  // They start containers, and look for the socket by its path:
  // https://github.com/nextcloud/all-in-one/blob/main/Containers/mastercontainer/start.sh
  // https://github.com/mailcow/mailcow-dockerized/blob/master/data/Dockerfiles/dockerapi/main.py
  [/(?:^|\/)(?:nextcloud(?:-releases)?\/all-in-one|mailcow\/dockerapi)\b/, undefined, "none"],
];

/** What is known of an image that asks for the Engine's socket. */
export function socketClientOf(image: string | undefined): SocketClient {
  const [, preset, setting] = clients.find(([known]) => known.test(image ?? "")) ?? [];
  return { preset, setting };
}
