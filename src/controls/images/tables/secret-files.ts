import { parseImageReference } from "../../../model/container/image-reference.ts";
import type { Container } from "../../../model/container.ts";

/** Images that read a variable's value from a file, so that a secret need not be in the environment at all. */
interface SecretFiles {
  /** Repositories without Docker Hub's own prefix; `*` for any name of the organisation. */
  readonly images: readonly string[];
  /** The variables that it reads so. */
  readonly names: RegExp;
  /** Its name for the file of a variable. */
  readonly file: (name: string) => string;
  /** Its documentation. */
  readonly source: string;
}

const suffixed = (name: string) => `${name}_FILE`;
const doubled = (name: string) => `${name}__FILE`;

const secretFiles: readonly SecretFiles[] = [
  {
    images: ["postgres", "postgis/postgis", "pgvector/pgvector", "timescale/timescaledb"],
    names: /^POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/postgres",
  },
  {
    images: ["mysql"],
    names: /^MYSQL_(?:ROOT_PASSWORD|ROOT_HOST|DATABASE|USER|PASSWORD)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/mysql",
  },
  {
    images: ["mariadb"],
    names: /^(?:MARIADB|MYSQL)_(?:ROOT_PASSWORD|ROOT_PASSWORD_HASH|DATABASE|USER|PASSWORD|PASSWORD_HASH)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/mariadb",
  },
  {
    images: ["mongo"],
    names: /^MONGO_INITDB_ROOT_(?:USERNAME|PASSWORD)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/mongo",
  },
  {
    images: ["mongo-express"],
    names: /^ME_CONFIG_(?:MONGODB_URL|MONGODB_ADMINPASSWORD|BASICAUTH_PASSWORD|SITE_COOKIESECRET)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/mongo-express",
  },
  {
    images: ["wordpress"],
    names: /^WORDPRESS_/,
    file: suffixed,
    source: "https://hub.docker.com/_/wordpress",
  },
  {
    images: ["nextcloud"],
    names: /^(?:MYSQL|POSTGRES|NEXTCLOUD_ADMIN|REDIS_HOST|SMTP|OBJECTSTORE_S3)_/,
    file: suffixed,
    source: "https://hub.docker.com/_/nextcloud",
  },
  {
    images: ["redmine"],
    names: /^REDMINE_(?:DB_|SECRET_KEY_BASE)/,
    file: suffixed,
    source: "https://hub.docker.com/_/redmine",
  },
  {
    images: ["joomla"],
    names: /^JOOMLA_DB_PASSWORD$/,
    file: suffixed,
    source: "https://hub.docker.com/_/joomla",
  },
  {
    images: ["neo4j"],
    names: /^NEO4J_AUTH$/,
    file: suffixed,
    source: "https://neo4j.com/docs/operations-manual/current/docker/docker-compose-standalone/",
  },
  {
    images: ["influxdb"],
    names: /^DOCKER_INFLUXDB_INIT_(?:USERNAME|PASSWORD|ADMIN_TOKEN)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/influxdb",
  },
  {
    images: ["phpmyadmin", "phpmyadmin/phpmyadmin"],
    names: /^(?:PMA_PASSWORD|PMA_CONTROLPASS|MYSQL_ROOT_PASSWORD|MYSQL_PASSWORD)$/,
    file: suffixed,
    source: "https://hub.docker.com/_/phpmyadmin",
  },
  {
    images: ["elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch"],
    names: /^ELASTIC_PASSWORD$/,
    file: suffixed,
    source:
      "https://www.elastic.co/docs/deploy-manage/deploy/self-managed/install-elasticsearch-docker-configure",
  },
  {
    images: ["minio/minio", "quay.io/minio/minio"],
    names: /^MINIO_ROOT_(?:USER|PASSWORD)$/,
    file: suffixed,
    source: "https://github.com/minio/minio/blob/master/docs/docker/README.md",
  },
  {
    images: ["clickhouse", "clickhouse/clickhouse-server"],
    names: /^CLICKHOUSE_PASSWORD$/,
    file: suffixed,
    source: "https://github.com/ClickHouse/ClickHouse/blob/master/docker/server/entrypoint.sh",
  },
  {
    images: ["dpage/pgadmin4"],
    names: /^PGADMIN_DEFAULT_PASSWORD$/,
    file: suffixed,
    source: "https://www.pgadmin.org/docs/pgadmin4/latest/container_deployment.html",
  },
  {
    images: ["vaultwarden/server"],
    names: /^/,
    file: suffixed,
    source: "https://github.com/dani-garcia/vaultwarden/wiki/Configuration-overview",
  },
  {
    images: ["paperless-ngx/paperless-ngx", "ghcr.io/paperless-ngx/paperless-ngx"],
    names: /^PAPERLESS_/,
    file: suffixed,
    source: "https://docs.paperless-ngx.com/configuration/",
  },
  {
    images: ["n8nio/n8n", "docker.n8n.io/n8nio/n8n"],
    names: /^/,
    file: suffixed,
    source: "https://docs.n8n.io/hosting/configuration/configuration-methods/",
  },
  {
    images: ["bitnami/*", "bitnamilegacy/*"],
    names: /PASSWORD$/,
    file: suffixed,
    source: "https://github.com/bitnami/containers",
  },
  {
    images: ["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"],
    names: /^GF_/,
    file: doubled,
    source: "https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/",
  },
  {
    images: ["gitea/gitea", "codeberg.org/forgejo/forgejo"],
    names: /^(?:GITEA|FORGEJO)__/,
    file: doubled,
    source: "https://docs.gitea.com/installation/install-with-docker",
  },
  {
    images: ["linuxserver/*", "lscr.io/linuxserver/*", "ghcr.io/linuxserver/*"],
    names: /^/,
    file: (name) => `FILE__${name}`,
    source: "https://docs.linuxserver.io/FAQ/",
  },
];

/** The variable that names a file with the secret, where the container's image has one: `POSTGRES_PASSWORD_FILE`. */
export function fileVariable({ image }: Pick<Container, "image">, name: string): string | undefined {
  if (image.state !== "set") return undefined;
  const { registry, repository: path } = parseImageReference(image.value);
  const repository = registry === "docker.io" ? path.replace(/^library\//, "") : `${registry}/${path}`;
  const organisation = `${repository.slice(0, repository.lastIndexOf("/"))}/*`;
  const row = secretFiles.find(
    ({ images, names }) => (images.includes(repository) || images.includes(organisation)) && names.test(name),
  );
  return row?.file(name);
}
