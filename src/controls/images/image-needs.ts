import type { Capability } from "../../model/container/capability.ts";

/**
 * What a public image needs to run hardened, as far as its documentation, its entrypoint and the issues of its makers
 * say, and `tried` on runs. All of it is of the image as it is published: a configuration or an application of one's own
 * may need more.
 */
export interface ImageNeeds {
  /** Its own programs, by their file names. What another one needs, that an entrypoint or a command names, is not known. */
  readonly programs: readonly string[];
  /** What it writes to, so that its root may be read-only; undefined where that is not known. */
  readonly writable: readonly WritablePath[] | undefined;
  /** What makes its entrypoint write in places that are not listed. */
  readonly writesElsewhere?: WritesElsewhere | undefined;
  /** What it needs after `cap_drop: ALL` where it starts as the user that the image sets. As another, it needs none. */
  readonly capabilities: readonly Capability[];
  /** What it listens on: `80/tcp`. */
  readonly ports: readonly string[];
  /** How it runs as another user than root; undefined where it does so by itself, or where no way is documented. */
  readonly nonRoot: NonRoot | undefined;
  /** The image is a base or a language: what it needs is for the application to say. */
  readonly bare: boolean;
  /** Where all this is from. */
  readonly sources: readonly string[];
  /** What of it a real run has shown; the rest was read and never tried. */
  readonly tried: Tried | undefined;
}

export interface NonRoot {
  readonly user: string;
  /** What must hold for that: a clause. */
  readonly requires?: string;
  /** What an image built on it has to do before its USER: an instruction. Without it the image is ready for that user. */
  readonly prepare?: string;
}

/** Facts that test/e2e/proof.test.ts shows on a real Engine, which has no registry: so of a server that stands in. */
export interface Tried {
  /** What ran, as a part of a sentence. */
  readonly on: string;
  readonly facts: readonly TriedFact[];
}

export type TriedFact = "writable" | "capabilities" | "ports" | "nonRoot";

export interface WritablePath {
  readonly path: string;
  /** `tmpfs`: gone with the container, and no loss. `data`: must persist. */
  readonly kind: "tmpfs" | "data";
  /** The image declares a VOLUME there: it stays writable below a read-only root without a mount of one's own. */
  readonly declared: boolean;
  /** It writes there only where something is mounted at this path, or below. */
  readonly whenMounted?: string;
}

interface WritesElsewhere {
  /** Folders whose mounted scripts it runs. */
  readonly mounts?: readonly string[];
  /** Names of variables. */
  readonly variables?: RegExp;
}

interface Entry extends Partial<Omit<ImageNeeds, "sources">> {
  /** Repositories as known-images has them. */
  readonly repositories: readonly string[];
  /** The tags that it holds for; all where it is not given. */
  readonly tags?: RegExp;
  readonly sources: readonly string[];
}

/**
 * An entrypoint that starts as root gives the data folder to its user (CHOWN), looks into it although it belongs to that
 * user (DAC_OVERRIDE) and steps down (SETGID, SETUID).
 */
const steppingDown = ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"] as const;

/**
 * Its parent signals its workers, which are another user's: a graceful restart (SIGUSR1) without KILL leaves those of the old
 * configuration serving beside the new ones.
 */
const apache = ["KILL", "NET_BIND_SERVICE"] as const;

const ownedData = "its data folder belongs to that user, as that of a new named volume does";

const library = "https://github.com/docker-library";

/** Its entrypoint runs the scripts of a folder: https://github.com/nginx/docker-nginx/tree/master/entrypoint */
const nginxScripts: WritesElsewhere = {
  mounts: ["/docker-entrypoint.d"],
  variables: /^NGINX_(?:ENVSUBST_(?:OUTPUT|TEMPLATE)_DIR|ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE)$/,
};

const entries: readonly Entry[] = [
  {
    // The master makes its temporary folders, gives them to the workers' user, and starts these as that user. Ports below
    // 1024 take NET_BIND_SERVICE only where net.ipv4.ip_unprivileged_port_start is not 0, as Docker sets it. Debian's own
    // layout is another one: it writes to /var/lib/nginx and /var/log/nginx, and its workers are www-data.
    repositories: ["library/nginx"],
    programs: ["nginx", "nginx-debug"],
    writable: [
      tmpfs("/var/cache/nginx"),
      tmpfs("/run"),
      { ...tmpfs("/etc/nginx/conf.d"), whenMounted: "/etc/nginx/templates" },
    ],
    writesElsewhere: nginxScripts,
    capabilities: ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"],
    ports: ["80/tcp"],
    nonRoot: {
      user: "101:101",
      requires: "/var/cache/nginx and /run can be written by that user, as a tmpfs of mode 1777 can",
      prepare: "RUN chown -R 101:101 /var/cache/nginx /run",
    },
    tried: {
      on: "Debian's nginx-light 1.26, laid out as the image is",
      facts: ["writable", "capabilities", "ports", "nonRoot"],
    },
    sources: [
      `${library}/docs/blob/master/nginx/content.md`,
      "https://github.com/nginx/docker-nginx/issues/524",
    ],
  },
  {
    repositories: ["nginxinc/nginx-unprivileged"],
    programs: ["nginx", "nginx-debug"],
    writable: [tmpfs("/tmp"), { ...tmpfs("/etc/nginx/conf.d"), whenMounted: "/etc/nginx/templates" }],
    writesElsewhere: nginxScripts,
    ports: ["8080/tcp"],
    sources: ["https://github.com/nginxinc/docker-nginx-unprivileged/blob/main/mainline/debian/Dockerfile"],
  },
  {
    repositories: ["library/httpd"],
    programs: ["httpd", "httpd-foreground"],
    writable: [tmpfs("/usr/local/apache2/logs")],
    capabilities: [...apache, "SETGID", "SETUID"],
    ports: ["80/tcp"],
    nonRoot: {
      user: "www-data",
      requires: "/usr/local/apache2/logs is writable by that user",
      prepare: "RUN chown www-data /usr/local/apache2/logs",
    },
    sources: [`${library}/httpd/issues/166`, `${library}/httpd/issues/102`],
  },
  {
    // The binary has the file capability: without it in the bounding set the kernel refuses to execute it, as whomever.
    // So there is no user here that would need none.
    repositories: ["library/caddy"],
    programs: ["caddy"],
    writable: [data("/data"), data("/config")],
    capabilities: ["NET_BIND_SERVICE"],
    ports: ["80/tcp", "443/tcp", "443/udp", "2019/tcp"],
    sources: [
      `${library}/docs/blob/master/caddy/content.md`,
      `${library}/repo-info/blob/master/repos/caddy/remote/latest.md`,
    ],
  },
  {
    repositories: ["library/traefik"],
    programs: ["traefik"],
    writable: [],
    capabilities: ["NET_BIND_SERVICE"],
    ports: ["80/tcp"],
    nonRoot: {
      user: "1000:1000",
      requires:
        "no provider reads the Engine's socket, and the file of its certificates belongs to that user",
    },
    sources: [`${library}/repo-info/blob/master/repos/traefik/remote/latest.md`],
  },
  {
    // As haproxy it binds ports below 1024, which Docker's networks allow; which, its configuration says.
    // Its runtime socket is put below one of these.
    repositories: ["library/haproxy"],
    programs: ["haproxy"],
    writable: [tmpfs("/var/lib/haproxy"), tmpfs("/run"), tmpfs("/tmp")],
    sources: [
      `${library}/docs/blob/master/haproxy/content.md`,
      `${library}/haproxy/blob/master/Dockerfile.template`,
    ],
  },
  {
    repositories: ["library/postgres"],
    tags: /^(?:latest|alpine|bookworm|trixie|(?:1[89]|[2-9]\d)(?:$|[.-]))/,
    programs: ["postgres"],
    writable: [data("/var/lib/postgresql", true), tmpfs("/var/run/postgresql"), tmpfs("/tmp")],
    ...postgres(),
  },
  {
    repositories: ["library/postgres"],
    programs: ["postgres"],
    writable: [data("/var/lib/postgresql/data", true), tmpfs("/var/run/postgresql"), tmpfs("/tmp")],
    ...postgres(),
  },
  {
    repositories: ["library/mysql"],
    programs: ["mysqld"],
    writable: [data("/var/lib/mysql", true), tmpfs("/var/run/mysqld"), tmpfs("/tmp")],
    capabilities: steppingDown,
    ports: ["3306/tcp", "33060/tcp"],
    nonRoot: { user: "mysql", requires: ownedData },
    sources: [`${library}/mysql/tree/master/template`],
  },
  {
    repositories: ["library/mariadb"],
    programs: ["mariadbd", "mysqld"],
    writable: [data("/var/lib/mysql", true), tmpfs("/run/mysqld"), tmpfs("/tmp")],
    capabilities: steppingDown,
    ports: ["3306/tcp"],
    nonRoot: { user: "mysql", requires: ownedData },
    sources: [
      "https://github.com/MariaDB/mariadb-docker/blob/master/docker-entrypoint.sh",
      "https://github.com/MariaDB/mariadb-docker/issues/554",
    ],
  },
  {
    // It takes capabilities out of its own bounding set (SETPCAP); without SETGID and SETUID it stays root and says nothing.
    // A data folder of another's takes CHOWN, and one that only its owner may enter DAC_OVERRIDE.
    repositories: ["library/redis"],
    programs: ["redis-server"],
    writable: [data("/data", true)],
    capabilities: [...steppingDown, "SETPCAP"],
    ports: ["6379/tcp"],
    nonRoot: { user: "redis", requires: ownedData },
    sources: [
      `${library}/docs/blob/master/redis/content.md`,
      "https://github.com/redis/docker-library-redis",
    ],
    tried: {
      on: "Debian's redis-server 8.0, stepping down as the image's entrypoint does",
      facts: ["writable", "capabilities", "ports", "nonRoot"],
    },
  },
  {
    repositories: ["valkey/valkey", "library/valkey"],
    programs: ["valkey-server"],
    writable: [data("/data", true)],
    capabilities: steppingDown,
    ports: ["6379/tcp"],
    nonRoot: { user: "valkey", requires: ownedData },
    sources: ["https://github.com/valkey-io/valkey-container/blob/mainline/docker-entrypoint.sh"],
  },
  {
    repositories: ["library/memcached"],
    programs: ["memcached"],
    writable: [],
    ports: ["11211/tcp"],
    sources: [`${library}/memcached`],
  },
  {
    repositories: ["library/mongo"],
    programs: ["mongod"],
    writable: [data("/data/db", true), data("/data/configdb", true), tmpfs("/tmp")],
    capabilities: steppingDown,
    ports: ["27017/tcp"],
    nonRoot: { user: "mongodb", requires: ownedData },
    sources: [`${library}/mongo/blob/master/docker-entrypoint.sh`],
  },
  {
    repositories: ["library/rabbitmq"],
    programs: ["rabbitmq-server"],
    writable: [data("/var/lib/rabbitmq", true), tmpfs("/var/log/rabbitmq"), tmpfs("/tmp")],
    capabilities: steppingDown,
    ports: ["5672/tcp", "5671/tcp", "4369/tcp", "25672/tcp", "15691/tcp", "15692/tcp"],
    nonRoot: { user: "rabbitmq", requires: ownedData },
    sources: [
      `${library}/rabbitmq/blob/master/docker-entrypoint.sh`,
      `${library}/rabbitmq/blob/master/Dockerfile-ubuntu.template`,
    ],
  },
  {
    // The entrypoint unpacks WordPress into the volume with its owners and modes.
    repositories: ["library/wordpress"],
    tags: /^(?!.*(?:fpm|cli))/,
    programs: ["apache2-foreground"],
    writable: [data("/var/www/html", true), tmpfs("/run"), tmpfs("/tmp")],
    capabilities: [...steppingDown, "FOWNER", ...apache],
    ports: ["80/tcp"],
    nonRoot: { user: "www-data", requires: ownedData },
    sources: [`${library}/wordpress/tree/master/latest`],
  },
  {
    // With REDIS_HOST and others it writes beside PHP's own configuration, which a tmpfs would hide.
    repositories: ["library/nextcloud"],
    tags: /^(?!.*fpm)/,
    programs: ["apache2-foreground"],
    writable: undefined,
    capabilities: [...steppingDown, "FOWNER", ...apache],
    ports: ["80/tcp"],
    nonRoot: { user: "www-data", requires: ownedData },
    sources: ["https://github.com/nextcloud/docker/blob/master/docker-entrypoint.sh"],
  },
  {
    repositories: ["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"],
    programs: ["grafana", "grafana-server"],
    writable: [data("/var/lib/grafana"), tmpfs("/var/log/grafana"), tmpfs("/tmp")],
    ports: ["3000/tcp"],
    sources: [
      "https://github.com/grafana/grafana/blob/main/Dockerfile",
      "https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/",
    ],
  },
  {
    repositories: ["prom/prometheus", "quay.io/prometheus/prometheus"],
    programs: ["prometheus"],
    writable: [data("/prometheus", true)],
    ports: ["9090/tcp"],
    sources: ["https://github.com/prometheus/prometheus/blob/main/Dockerfile"],
  },
  {
    repositories: ["library/registry"],
    programs: ["registry", "serve"],
    writable: [data("/var/lib/registry", true)],
    ports: ["5000/tcp"],
    nonRoot: { user: "1000:1000", requires: "/var/lib/registry belongs to that user" },
    sources: ["https://github.com/distribution/distribution-library-image/blob/main/Dockerfile"],
  },
  {
    repositories: ["library/node"],
    bare: true,
    writable: [tmpfs("/tmp")],
    nonRoot: { user: "node" },
    sources: ["https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md"],
  },
  {
    repositories: ["library/php"],
    tags: /(?:^|-)apache(?:$|-)/,
    programs: ["apache2-foreground"],
    bare: true,
    writable: [tmpfs("/run"), tmpfs("/tmp")],
    capabilities: [...apache, "SETGID", "SETUID"],
    ports: ["80/tcp"],
    nonRoot: { user: "www-data" },
    sources: [`${library}/docs/blob/master/php/content.md`, `${library}/php/issues/743`],
  },
  {
    repositories: ["library/php"],
    tags: /(?:^|-)fpm(?:$|-)/,
    programs: ["php-fpm"],
    bare: true,
    writable: [tmpfs("/tmp")],
    // Its master ends the workers, which are another user's, at a reload and a stop.
    capabilities: ["KILL", "SETGID", "SETUID"],
    ports: ["9000/tcp"],
    nonRoot: { user: "www-data" },
    sources: [`${library}/docs/blob/master/php/content.md`, `${library}/php/issues/743`],
  },
  {
    // Its httpd binds port 80 as any user, on Docker's networks.
    repositories: ["library/busybox"],
    ...base(),
    tried: { on: "Debian's busybox 1.37", facts: ["nonRoot"] },
  },
  {
    repositories: official("php python ruby golang alpine debian ubuntu fedora rockylinux almalinux bash"),
    ...base(),
  },
];

/** What an image needs, by its repository as known-images has it and its tag. */
export function needsOf(repository: string, tag: string): ImageNeeds | undefined {
  const entry = entries.find(
    ({ repositories, tags }) => repositories.includes(repository) && (tags?.test(tag) ?? true),
  );
  if (!entry) return undefined;
  const { programs = [], capabilities = [], ports = [], bare = false } = entry;
  const { writable, writesElsewhere, nonRoot, sources, tried } = entry;
  return { programs, writable, writesElsewhere, capabilities, ports, nonRoot, bare, sources, tried };
}

/** Its own start needs nothing; the scratch folder is what programs expect. */
function base() {
  return {
    bare: true,
    writable: [tmpfs("/tmp")],
    nonRoot: { user: "1000:1000" },
    sources: [`${library}/official-images/tree/master/library`],
  } satisfies Partial<Entry>;
}

function postgres() {
  return {
    // The entrypoint also sets the modes of folders that it has given away (FOWNER).
    capabilities: [...steppingDown, "FOWNER"],
    ports: ["5432/tcp"],
    nonRoot: { user: "postgres", requires: ownedData },
    sources: [
      `${library}/postgres/blob/master/docker-entrypoint.sh`,
      `${library}/docs/blob/master/postgres/content.md`,
      `${library}/postgres/issues/154`,
      `${library}/postgres/issues/649`,
    ],
  } satisfies Partial<Entry>;
}

function tmpfs(path: string): WritablePath {
  return { path, kind: "tmpfs", declared: false };
}

function data(path: string, declared = false): WritablePath {
  return { path, kind: "data", declared };
}

function official(names: string): readonly string[] {
  return names.split(" ").map((name) => `library/${name}`);
}
