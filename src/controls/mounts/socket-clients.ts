/** Images that ask for the Engine's socket, and the guard's preset that lets through what they call. */
const presets: readonly (readonly [image: RegExp, preset: string])[] = [
  [/(?:^|\/)traefik\b/, "traefik"],
  [/(?:^|\/)watchtower\b/, "watchtower"],
  [/(?:^|\/)portainer/, "portainer"],
  [/(?:^|\/)dozzle\b/, "dozzle"],
  [/(?:^|\/)homepage\b/, "homepage"],
  [/(?:^|\/)(?:docker-gen|nginx-proxy)\b/, "docker-gen"],
  [/(?:^|\/)diun\b/, "diun"],
  [/(?:^|\/)(?:docker-)?autoheal\b/, "autoheal"],
  [/(?:^|\/)cadvisor\b/, "cadvisor"],
  [/(?:^|\/)netdata\b/, "netdata"],
  [/(?:^|\/)crowdsec\b/, "crowdsec"],
  [/(?:^|\/)(?:prometheus|telegraf|grafana)\b/, "prometheus"],
  [/(?:^|\/)gitlab-runner\b/, "gitlab-runner"],
  [/(?:^|\/)(?:act_runner|act|runner)\b/, "act"],
  [/(?:^|\/)(?:actions-runner|github-runner)\b/, "github-runner"],
  [/(?:^|\/)jenkins\b/, "jenkins"],
  [/(?:^|\/)(?:drone-runner|agent|woodpecker-agent)\b/, "ci-runner"],
];

/**
 * The preset for an image that is known to call the Engine; `proxy` for one that is a proxy itself. Undefined where the calls are
 * not known: such a tool may start containers (Nextcloud AIO, mailcow's dockerapi), so the guard's default policy is for it.
 */
export function socketClientOf(image: string | undefined): string | undefined {
  if (/(?:^|\/)docker-socket-proxy\b/.test(image ?? "")) return "proxy";
  return presets.find(([known]) => known.test(image ?? ""))?.[1];
}
