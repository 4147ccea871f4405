/** What bulkhead.yaml and `--preset` take. `docker-socket-proxy` reads the variables of that proxy. */
export const presetNames = [
  "traefik",
  "watchtower",
  "portainer",
  "dozzle",
  "homepage",
  "prometheus",
  "ci-runner",
  "read-only",
  "docker-socket-proxy",
] as const;
export type PresetName = (typeof presetNames)[number];
