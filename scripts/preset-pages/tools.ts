import type { presets } from "../../src/guard/policy/presets/presets.ts";

/** What a page says of a tool beside what its preset says. */
export interface ToolPage {
  readonly heading: string;
  /** The tool's services in the Compose file, indented by two. `SOCKET` is the guard's socket. Empty: it runs on the host. */
  readonly services: string;
  /** What stands in bulkhead.yaml beside the preset. */
  readonly policy?: string;
  /** The folder on the host for the sockets, where a tool or its jobs need their path there. */
  readonly hostFolder?: string;
  /** Its policy allows folders that others can write to, so the guard must see the host's links. */
  readonly seesHost?: boolean;
  /** More volumes of the Compose file. */
  readonly volumes?: readonly string[];
  /** Commands that show that it works, and what they show. */
  readonly check: string;
}

const confined = `    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]`;

const behind = `    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro`;

export const toolPages: Readonly<Record<keyof typeof presets, ToolPage>> = {
  traefik: {
    heading: "Traefik",
    services: `  traefik:
    image: traefik:v3.6.1
    command:
      - --providers.docker.endpoint=unix://SOCKET
      - --providers.docker.exposedByDefault=false
      - --entrypoints.web.address=:8000
    user: "65532:65532"
    ports: ["127.0.0.1:80:8000"]
${behind}
${confined}`,
    check: "`docker compose logs traefik` says that the provider docker runs, and your routers are there.",
  },
  "docker-gen": {
    heading: "docker-gen and nginx-proxy",
    services: `  nginx:
    image: nginx:1.27.4
    ports: ["127.0.0.1:80:80"]
    volumes: [conf:/etc/nginx/conf.d:ro]

  docker-gen:
    image: nginxproxy/docker-gen:0.17.2
    command: -notify-sighup nginx -watch /etc/docker-gen/nginx.tmpl /etc/nginx/conf.d/default.conf
    environment: { DOCKER_HOST: "unix://SOCKET" }
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - conf:/etc/nginx/conf.d
      - ./nginx.tmpl:/etc/docker-gen/nginx.tmpl:ro
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]`,
    volumes: ["conf"],
    check:
      "Start a container with `VIRTUAL_HOST=test.local`: `docker compose exec nginx cat /etc/nginx/conf.d/default.conf` names it.",
  },
  portainer: {
    heading: "Portainer",
    services: `  portainer:
    image: portainer/portainer-ce:2.27.0
    command: [--host, "unix://SOCKET"]
    ports: ["127.0.0.1:9443:9443"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - portainer:/data
${confined}`,
    volumes: ["portainer"],
    check:
      "Open `https://localhost:9443`. A container that you make there with *Privileged mode* is denied, and Portainer shows the reason.",
  },
  dozzle: {
    heading: "Dozzle",
    services: `  dozzle:
    image: amir20/dozzle:v10.7.3
    environment: { DOCKER_HOST: "unix://SOCKET" }
    user: "65532:65532"
    ports: ["127.0.0.1:8080:8080"]
${behind}
${confined}`,
    check: "Open `http://localhost:8080`: the logs of your containers are there.",
  },
  homepage: {
    heading: "Homepage",
    services: `  homepage:
    image: ghcr.io/gethomepage/homepage:v1.12.3
    environment: { HOMEPAGE_ALLOWED_HOSTS: "localhost:3000" }
    ports: ["127.0.0.1:3000:3000"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - ./homepage:/app/config
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]`,
    check:
      "Write `my-docker: { socket: SOCKET }` into homepage/docker.yaml. A service with `server: my-docker` and `container: NAME` shows the container's state.",
  },
  watchtower: {
    heading: "Watchtower",
    services: `  watchtower:
    image: nickfedor/watchtower:1.21.0
    environment:
      DOCKER_HOST: "unix://SOCKET"
      DOCKER_API_VERSION: "1.44"
${behind}
${confined}`,
    check:
      "`docker compose exec watchtower /watchtower --run-once --monitor-only` lists the containers that have newer images.",
  },
  diun: {
    heading: "Diun",
    services: `  diun:
    image: crazymax/diun:4.33.0
    command: serve
    environment:
      DIUN_PROVIDERS_DOCKER: "true"
      DIUN_PROVIDERS_DOCKER_ENDPOINT: "unix://SOCKET"
      DIUN_PROVIDERS_DOCKER_WATCHBYDEFAULT: "true"
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - diun:/data
${confined}`,
    volumes: ["diun"],
    check: "`docker compose logs diun` says how many images the provider docker found.",
  },
  autoheal: {
    heading: "docker-autoheal",
    services: `  autoheal:
    image: willfarrell/autoheal:1.2.0
    environment:
      AUTOHEAL_CONTAINER_LABEL: autoheal
      DOCKER_SOCK: SOCKET
    network_mode: none
${behind}
${confined}`,
    check:
      "Label a container `autoheal=true` and make its health check fail: `docker compose logs autoheal` says that it restarts it.",
  },
  prometheus: {
    heading: "Prometheus",
    services: `  prometheus:
    image: prom/prometheus:v3.7.0
    ports: ["127.0.0.1:9090:9090"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - prometheus:/prometheus
${confined}`,
    volumes: ["prometheus"],
    check:
      'Write `scrape_configs: [{ job_name: docker, docker_sd_configs: [{ host: "unix://SOCKET" }] }]` into prometheus.yml. `http://localhost:9090/service-discovery` lists your containers.',
  },
  cadvisor: {
    heading: "cAdvisor",
    services: `  cadvisor:
    image: ghcr.io/google/cadvisor:v0.60.5
    command: [--docker=unix://SOCKET, --docker_only=true, --store_container_labels=true]
    ports: ["127.0.0.1:8080:8080"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - /sys/fs/cgroup:/sys/fs/cgroup:ro
${confined}`,
    check: "`curl -s localhost:8080/metrics | grep container_cpu_usage_seconds_total` names your containers.",
  },
  netdata: {
    heading: "Netdata",
    services: `  netdata:
    image: netdata/netdata:v2.7.0
    environment: { DOCKER_HOST: "unix://SOCKET" }
    ports: ["127.0.0.1:19999:19999"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - netdata-config:/etc/netdata
      - netdata-lib:/var/lib/netdata
      - netdata-cache:/var/cache/netdata
    security_opt: ["no-new-privileges:true"]`,
    volumes: ["netdata-config", "netdata-lib", "netdata-cache"],
    check:
      "Write `jobs: [{ name: local, address: unix://SOCKET }]` into go.d/docker.conf of netdata-config. `http://localhost:19999` has charts of the section Docker.",
  },
  crowdsec: {
    heading: "CrowdSec",
    services: `  crowdsec:
    image: crowdsecurity/crowdsec:v1.7.0
    environment: { COLLECTIONS: crowdsecurity/nginx }
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - ./acquis.yaml:/etc/crowdsec/acquis.yaml:ro
      - crowdsec-data:/var/lib/crowdsec/data
      - crowdsec-config:/etc/crowdsec
    security_opt: ["no-new-privileges:true"]`,
    volumes: ["crowdsec-data", "crowdsec-config"],
    check:
      "Write `{ source: docker, docker_host: unix://SOCKET, container_name: [nginx], labels: { type: nginx } }` into acquis.yaml. `docker compose exec crowdsec cscli metrics` counts the lines that it read.",
  },
  "gitlab-runner": {
    heading: "gitlab-runner",
    services: `  gitlab-runner:
    image: gitlab/gitlab-runner:v18.3.0
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - gitlab-runner:/etc/gitlab-runner
    security_opt: ["no-new-privileges:true"]`,
    volumes: ["gitlab-runner"],
    check:
      'Set `host = "unix://SOCKET"` below `[runners.docker]` in config.toml, and leave `privileged` false. A job with a service passes; a job of a runner with `privileged = true` fails with the reason.',
  },
  act: {
    heading: "act, Gitea's and Forgejo's runners",
    services: `  runner:
    image: data.forgejo.org/forgejo/runner:11.3.1
    command: [forgejo-runner, daemon, --config, /data/config.yml]
    environment: { DOCKER_HOST: "unix://SOCKET" }
    user: "1000:1000"
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - runner:/data
${confined}`,
    volumes: ["runner"],
    check:
      'Set `container: { docker_host: "-" }` in config.yml, so that jobs get no socket. A workflow with `container:` and `services:` passes; one with `options: --privileged` fails with the reason. act itself: `act --container-daemon-socket -` with DOCKER_HOST set.',
  },
  "github-runner": {
    heading: "GitHub's runner",
    hostFolder: "/run/bulkhead",
    seesHost: true,
    policy: `allow:
  # The runner mounts its work folder into each job, and the guard's own socket as the job's Docker socket.
  mounts:
    - /srv/actions-runner/**
    - { source: SOCKET, dangerous: true }
# It mounts _work and folders inside _work. A job that writes there can replace one of them by a link, which the next
# start then follows: run jobs that you trust, or a runner for each that you do not.
rules: { guard-writable-path: allow }`,
    services: "",
    check:
      "Start the runner on the host with `DOCKER_HOST=unix://SOCKET ./run.sh`, its folder below /srv/actions-runner. A workflow with `container:` and `services:` passes; one with `options: --privileged` fails with the reason.",
  },
  jenkins: {
    heading: "Jenkins",
    services: `  jenkins:
    image: jenkins/jenkins:2.528.1-lts
    environment: { DOCKER_HOST: "unix://SOCKET" }
    ports: ["127.0.0.1:8080:8080"]
    depends_on:
      guard: { condition: service_healthy }
    volumes:
      - sockets:/run/bulkhead:ro
      - jenkins:/var/jenkins_home
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]`,
    volumes: ["jenkins"],
    check:
      "Add a cloud of the type Docker with the Docker Host URI `unix://SOCKET` and press *Test Connection*. An agent of a template starts; a template with *Run container privileged* does not.",
  },
  devcontainers: {
    heading: "Dev Containers",
    hostFolder: "/run/bulkhead",
    seesHost: true,
    policy: `allow:
  # The folder of your projects: a dev container mounts the one that you open.
  mounts: [/home/me/projects/*]`,
    services: "",
    check:
      "`DOCKER_HOST=unix://SOCKET devcontainer up --workspace-folder /home/me/projects/app` starts the container. With the feature docker-in-docker it is denied, with the reason.",
  },
  testcontainers: {
    heading: "Testcontainers",
    hostFolder: "/run/bulkhead",
    policy: `allow:
  # Ryuk mounts this socket. Through it Ryuk can do what your tests can, and nothing else.
  mounts: [{ source: SOCKET, dangerous: true }]
# Only root can write to /run: the guard need not see the host's links.
rules: { guard-blind: allow }`,
    services: "",
    check:
      "`DOCKER_HOST=unix://SOCKET TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE=SOCKET npm test` (or `mvn test`, `go test ./...`) passes, and Ryuk removes what the tests left.",
  },
  "ci-runner": {
    heading: "docker, docker compose and buildx in a CI job",
    hostFolder: "/run/bulkhead",
    services: "",
    check:
      "`DOCKER_HOST=unix://SOCKET docker compose up -d` works, and `docker ps` shows only what this client made.",
  },
  "read-only": {
    heading: "Read-only",
    services: `  look:
    image: docker:28.5.1-cli
    command: [docker, events]
    environment: { DOCKER_HOST: "unix://SOCKET" }
    user: "65532:65532"
${behind}
${confined}`,
    check:
      "`docker compose exec look docker ps` lists containers. `docker compose exec look docker stop NAME` is denied.",
  },
};
