import { parseImageReference } from "../../../model/container/image-reference.ts";
import { type ImageNeeds, needsOf } from "../image-needs.ts";

/**
 * What is known of a public image without having it. A user was read in the Dockerfile that `source` names; that the
 * official images listed as root set none is how their documentation describes them, and `source` is where to check
 * it. None of it was checked on a run of the image; what `needs` has was in part (`tried`).
 */
export interface KnownImage {
  /** The user it starts as; "" where its Dockerfile sets none, which is root. */
  readonly user: string;
  /** The Dockerfile (or its template) that says so, or the folder that holds the images' histories. */
  readonly source: string;
  /** The day on which it was read there, where that was written down. */
  readonly read?: string;
  /** What it needs to run hardened, where that is known. */
  readonly needs?: ImageNeeds;
}

interface Entry extends KnownImage {
  /** Repositories of docker.io, `library/nginx`; others with their registry in front; `team/*` is all of a team's. */
  readonly repositories: readonly string[];
  /** The tags that it holds for; all where it is not given. No tag is `latest`. */
  readonly tags?: RegExp;
}

const entries: readonly Entry[] = [
  {
    // Base systems: an empty USER is how they are meant.
    repositories: official(
      "alpine debian ubuntu fedora busybox rockylinux almalinux amazonlinux centos bash buildpack-deps hello-world",
    ),
    user: "",
    source: "https://github.com/docker-library/official-images/tree/master/library",
  },
  {
    // Languages: `node` brings a user of that name, and does not switch to it.
    repositories: official(
      "node python golang ruby php perl rust openjdk eclipse-temurin amazoncorretto maven gcc erlang elixir julia swift",
    ),
    user: "",
    source: "https://github.com/docker-library/repo-info/tree/master/repos",
  },
  {
    // Web servers and proxies: a root master binds the port, its workers drop.
    repositories: official("nginx httpd caddy traefik tomcat wordpress phpmyadmin nextcloud drupal joomla"),
    user: "",
    source: "https://github.com/docker-library/repo-info/tree/master/repos",
  },
  {
    // Servers whose entrypoint starts as root, owns its data folder and drops (gosu, setpriv, su-exec).
    repositories: official(
      "redis valkey postgres mysql mariadb mongo rabbitmq cassandra couchdb neo4j zookeeper registry",
    ),
    user: "",
    source: "https://github.com/docker-library/repo-info/tree/master/repos",
  },
  {
    repositories: official("memcached"),
    user: "memcache",
    source: "https://github.com/docker-library/repo-info/blob/master/repos/memcached/remote/latest.md",
  },
  {
    // Up to 2.2 it sets none, “for backwards compatibility”.
    repositories: official("haproxy"),
    tags: /^(latest|lts|alpine|lts-alpine|([3-9]|2\.([4-9]|\d\d))($|[.-]))/,
    user: "haproxy",
    source: "https://github.com/docker-library/haproxy/blob/master/Dockerfile.template",
  },
  {
    repositories: official("jetty"),
    user: "jetty",
    source: "https://github.com/docker-library/repo-info/blob/master/repos/jetty/remote/latest.md",
  },
  {
    repositories: official("adminer"),
    user: "adminer",
    source: "https://github.com/TimWolla/docker-adminer/blob/master/5/Dockerfile",
  },
  {
    repositories: official("solr"),
    user: "8983",
    source: "https://github.com/apache/solr-docker/blob/main/9.7/Dockerfile",
  },
  {
    repositories: ["nginxinc/nginx-unprivileged"],
    user: "101",
    source: "https://github.com/nginxinc/docker-nginx-unprivileged/blob/main/mainline/debian/Dockerfile",
  },
  {
    repositories: ["jenkins/jenkins"],
    user: "jenkins",
    source: "https://github.com/jenkinsci/docker/blob/master/debian/bookworm/hotspot/Dockerfile",
  },
  {
    repositories: ["dpage/pgadmin4"],
    user: "5050",
    source: "https://github.com/pgadmin-org/pgadmin4/blob/master/Dockerfile",
  },
  {
    repositories: ["prom/node-exporter", "quay.io/prometheus/node-exporter"],
    user: "nobody",
    source: "https://github.com/prometheus/node_exporter/blob/master/Dockerfile",
  },
  {
    repositories: ["valkey/valkey"],
    user: "",
    source: "https://github.com/valkey-io/valkey-container/blob/mainline/docker-entrypoint.sh",
  },
  {
    repositories: ["prom/prometheus", "quay.io/prometheus/prometheus"],
    user: "nobody",
    source: "https://github.com/prometheus/prometheus/blob/main/Dockerfile",
  },
  {
    repositories: ["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"],
    user: "472",
    source: "https://github.com/grafana/grafana/blob/main/Dockerfile",
  },
  {
    // s6 starts as root and drops to PUID and PGID; every image of theirs is built on one of these bases.
    repositories: ["linuxserver/*", "lscr.io/linuxserver/*", "ghcr.io/linuxserver/*"],
    user: "",
    source: "https://github.com/linuxserver/docker-baseimage-alpine/blob/master/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["portainer/portainer-ce", "portainer/portainer-ee", "portainer/portainer"],
    user: "",
    source: "https://github.com/portainer/portainer/blob/develop/build/linux/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["pihole/pihole", "ghcr.io/pi-hole/pihole"],
    user: "",
    source: "https://github.com/pi-hole/docker-pi-hole/blob/master/src/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["gitea/gitea", "docker.gitea.com/gitea"],
    tags: /(?:^|-)rootless$/,
    user: "1000:1000",
    source: "https://github.com/go-gitea/gitea/blob/main/Dockerfile.rootless",
    read: "2026-11-27",
  },
  {
    repositories: ["gitea/gitea", "docker.gitea.com/gitea"],
    user: "",
    source: "https://github.com/go-gitea/gitea/blob/main/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["vaultwarden/server", "ghcr.io/dani-garcia/vaultwarden", "quay.io/vaultwarden/server"],
    user: "",
    source: "https://github.com/dani-garcia/vaultwarden/blob/main/docker/Dockerfile.debian",
    read: "2026-11-27",
  },
  {
    repositories: ["jellyfin/jellyfin", "ghcr.io/jellyfin/jellyfin"],
    user: "",
    source: "https://github.com/jellyfin/jellyfin-packaging/blob/master/docker/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["homeassistant/home-assistant", "ghcr.io/home-assistant/home-assistant"],
    user: "",
    source: "https://github.com/home-assistant/core/blob/dev/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["ghcr.io/immich-app/immich-server"],
    user: "",
    source: "https://github.com/immich-app/immich/blob/main/server/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["ghcr.io/paperless-ngx/paperless-ngx", "paperlessngx/paperless-ngx"],
    user: "",
    source: "https://github.com/paperless-ngx/paperless-ngx/blob/main/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["louislam/uptime-kuma", "ghcr.io/louislam/uptime-kuma"],
    tags: /^(?!.*rootless)/,
    user: "",
    source: "https://github.com/louislam/uptime-kuma/blob/master/docker/dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["adguard/adguardhome"],
    user: "",
    source: "https://github.com/AdguardTeam/AdGuardHome/blob/master/docker/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["syncthing/syncthing", "ghcr.io/syncthing/syncthing"],
    user: "",
    source: "https://github.com/syncthing/syncthing/blob/main/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["containrrr/watchtower", "ghcr.io/containrrr/watchtower"],
    user: "",
    source: "https://github.com/containrrr/watchtower/blob/main/dockerfiles/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["n8nio/n8n", "docker.n8n.io/n8nio/n8n"],
    user: "node",
    source: "https://github.com/n8n-io/n8n/blob/master/docker/images/n8n/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["jc21/nginx-proxy-manager"],
    user: "",
    source: "https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["amir20/dozzle", "ghcr.io/amir20/dozzle"],
    user: "",
    source: "https://github.com/amir20/dozzle/blob/master/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["gotify/server", "ghcr.io/gotify/server"],
    user: "",
    source: "https://github.com/gotify/server/blob/master/docker/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["ghcr.io/blakeblackshear/frigate", "blakeblackshear/frigate"],
    user: "",
    source: "https://github.com/blakeblackshear/frigate/blob/dev/docker/main/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["minio/minio", "quay.io/minio/minio"],
    user: "",
    source: "https://github.com/minio/minio/blob/master/Dockerfile.release",
    read: "2026-11-27",
  },
  {
    repositories: ["library/influxdb"],
    tags: /^[12](?:$|[.-])/,
    user: "",
    source: "https://github.com/influxdata/influxdata-docker/blob/master/influxdb/2.7/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["nodered/node-red"],
    user: "node-red",
    source: "https://github.com/node-red/node-red-docker/blob/master/.docker/Dockerfile.alpine",
    read: "2026-11-27",
  },
  {
    repositories: ["grafana/loki"],
    user: "10001",
    source: "https://github.com/grafana/loki/blob/main/cmd/loki/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["cloudflare/cloudflared"],
    user: "65532:65532",
    source: "https://github.com/cloudflare/cloudflared/blob/master/Dockerfile",
    read: "2026-11-27",
  },
  {
    repositories: ["prom/alertmanager", "quay.io/prometheus/alertmanager"],
    user: "nobody",
    source: "https://github.com/prometheus/alertmanager/blob/main/Dockerfile",
  },
];

const byRepository = new Map<string, Entry[]>();
for (const entry of entries) {
  for (const repository of entry.repositories) {
    byRepository.set(repository, [...(byRepository.get(repository) ?? []), entry]);
  }
}

/** A distroless image's tags: `nonroot`, `debug-nonroot`, `nonroot-amd64` (GoogleContainerTools/distroless). */
const nonrootTag = /(^|-)nonroot($|-)/;

/** What the table has of the image, by its reference as written. */
export function knownImage(reference: string): KnownImage | undefined {
  const known = asked.get(reference);
  if (known) return known.image;
  const image = lookUp(reference);
  // Anyone who sends references without end shall not fill the memory.
  if (asked.size >= 1024) asked.clear();
  asked.set(reference, { image });
  return image;
}

/** What was found before: each finding of a container asks for its image. */
const asked = new Map<string, { readonly image: KnownImage | undefined }>();

function lookUp(reference: string): KnownImage | undefined {
  const { registry, repository, tag } = parseImageReference(reference);
  if (tag !== undefined && nonrootTag.test(tag)) {
    return { user: "nonroot", source: "https://github.com/GoogleContainerTools/distroless" };
  }
  const name = registry === "docker.io" ? repository : `${registry}/${repository}`;
  const candidates = byRepository.get(name) ?? byRepository.get(name.replace(/\/[^/]*$/, "/*")) ?? [];
  const entry = candidates.find(({ tags }) => tags?.test(tag ?? "latest") ?? true);
  if (!entry) return undefined;
  const needs = needsOf(name, tag ?? "latest");
  return {
    user: entry.user,
    source: entry.source,
    ...(entry.read !== undefined && { read: entry.read }),
    ...(needs && { needs }),
  };
}

function official(names: string): readonly string[] {
  return names.split(" ").map((name) => `library/${name}`);
}
