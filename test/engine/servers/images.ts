import type { TestEngine } from "../engine.ts";
import { importServerImage, type ServerImage } from "./image.ts";

/**
 * Real servers for tests: what Debian packages, laid out as the official image of that name: its user, its folders, its
 * entrypoint's way of stepping down. What is known of that image can be tried on it.
 */
export type ServerName = keyof typeof servers;

/** Gives the engine the servers under their references: `redis:8.0`, `postgres:17`, … */
export async function importServers(engine: TestEngine, names: readonly ServerName[]): Promise<void> {
  for (const name of names) await importServerImage(engine, references[name], servers[name]);
}

export const references = {
  nginx: "nginx:1.26",
  "nginx-debian": "nginx:1.26-debian",
  "nginx-unprivileged": "nginxinc/nginx-unprivileged:1.26",
  redis: "redis:8.0",
  postgres: "postgres:17",
  mariadb: "mariadb:11.8",
  haproxy: "haproxy:3.0",
  mosquitto: "eclipse-mosquitto:2.0",
  notes: "registry.example/notes:1",
  cron: "registry.example/reports:1",
  alpine: "alpine:3.21",
} as const;

function nginxConf(user: string, pid: string, scratch: string, port: number): string {
  return `${user}pid ${pid};
error_log /var/log/nginx/error.log notice;
events {}
http {
  access_log /var/log/nginx/access.log;
  client_body_temp_path ${scratch}/client_temp;
  proxy_temp_path ${scratch}/proxy_temp;
  fastcgi_temp_path ${scratch}/fastcgi_temp;
  uwsgi_temp_path ${scratch}/uwsgi_temp;
  scgi_temp_path ${scratch}/scgi_temp;
  include /etc/nginx/conf.d/*.conf;
  server {
    listen ${port};
    root /usr/share/nginx/html;
    # A body larger than its buffer goes through the temporary folder.
    location /upload { client_body_in_file_only clean; proxy_pass http://127.0.0.1:${port}/index.html; proxy_method GET; }
  }
}
`;
}

const nginxFiles = { "usr/share/nginx/html/index.html": "nginx serves\n" };
const nginxLinks = { "var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr" };

/** As gosu steps down. By its path, since busybox's shell prefers its own setpriv. */
const stepDown = (user: string) => `/usr/bin/setpriv --reuid ${user} --regid ${user} --clear-groups`;

export const servers = {
  nginx: {
    packages: ["nginx-light"],
    files: {
      ...nginxFiles,
      "etc/nginx/nginx.conf": nginxConf("user nginx;\n", "/run/nginx.pid", "/var/cache/nginx", 80),
    },
    folders: { "var/cache/nginx": 0, "var/log/nginx": 0, "etc/nginx/conf.d": 0 },
    links: nginxLinks,
    users: { nginx: 101 },
    changes: ['CMD ["nginx", "-g", "daemon off;"]', "EXPOSE 80", "STOPSIGNAL SIGQUIT"],
  },
  /** Debian's own layout, with what the package's installation makes. */
  "nginx-debian": {
    packages: ["nginx-light"],
    files: nginxFiles,
    links: { "etc/nginx/sites-enabled/default": "../sites-available/default" },
    users: { nginx: 101 },
    changes: ['CMD ["nginx", "-g", "daemon off;"]', "EXPOSE 80"],
  },
  /** As nginxinc/nginx-unprivileged: everything that it writes is below /tmp. */
  "nginx-unprivileged": {
    packages: ["nginx-light"],
    files: { ...nginxFiles, "etc/nginx/nginx.conf": nginxConf("", "/tmp/nginx.pid", "/tmp", 8080) },
    folders: { "var/log/nginx": 101, "etc/nginx/conf.d": 101 },
    links: nginxLinks,
    users: { nginx: 101 },
    changes: ['CMD ["nginx", "-g", "daemon off;"]', "EXPOSE 8080", "USER 101", "STOPSIGNAL SIGQUIT"],
  },
  redis: {
    packages: ["redis-server", "util-linux"],
    files: {
      "entrypoint.sh": `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  find /data ! -user redis -exec chown redis {} +
  exec ${stepDown("redis")} --nnp --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$0" "$@"
fi
umask 0077
exec "$@"
`,
    },
    folders: { data: 999 },
    users: { redis: 999 },
    changes: [
      'ENTRYPOINT ["/entrypoint.sh"]',
      'CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no"]',
      ...["EXPOSE 6379", "VOLUME /data", "WORKDIR /data"],
    ],
  },
  postgres: {
    packages: ["postgresql-17", "util-linux"],
    files: {
      "usr/local/bin/docker-entrypoint.sh": `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  chmod 3777 /var/run/postgresql || :
  find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
  exec ${stepDown("postgres")} "$0" "$@"
fi
mkdir -p "$PGDATA"
chmod 700 "$PGDATA" || :
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  : "\${POSTGRES_USER:=postgres}"
  [ -n "$POSTGRES_PASSWORD" ] || { echo "Error: Database is uninitialized and superuser password is not specified." >&2; exit 1; }
  printf '%s\\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --locale=C --encoding=UTF8 --no-sync
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w -o '-c listen_addresses=' start
  [ "\${POSTGRES_DB:-$POSTGRES_USER}" = postgres ] || createdb -U "$POSTGRES_USER" "\${POSTGRES_DB:-$POSTGRES_USER}"
  pg_ctl -w -m fast stop
fi
exec "$@"
`,
    },
    folders: { "var/lib/postgresql/data": 999, "run/postgresql": 999 },
    modes: { "run/postgresql": 0o3777 },
    users: { postgres: 999 },
    changes: [
      "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin PGDATA=/var/lib/postgresql/data",
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      `CMD ["postgres", "-c", "listen_addresses=*"]`,
      ...["EXPOSE 5432", "VOLUME /var/lib/postgresql/data", "STOPSIGNAL SIGINT"],
    ],
  },
  mariadb: {
    packages: ["mariadb-server-core", "mariadb-client-core", "util-linux"],
    files: {
      "etc/mysql/my.cnf":
        "[mariadbd]\nsocket=/run/mysqld/mysqld.sock\n[client]\nsocket=/run/mysqld/mysqld.sock\n",
      "usr/local/bin/docker-entrypoint.sh": `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p /var/lib/mysql /run/mysqld
  find /var/lib/mysql /run/mysqld ! -user mysql -exec chown mysql: {} +
  exec ${stepDown("mysql")} "$0" "$@"
fi
if [ ! -d /var/lib/mysql/mysql ]; then
  [ -n "$MARIADB_ROOT_PASSWORD" ] || { echo "Database is uninitialized and password option is not specified" >&2; exit 1; }
  mariadb-install-db --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  printf "FLUSH PRIVILEGES;\\nALTER USER root@localhost IDENTIFIED BY '%s';\\n" "$MARIADB_ROOT_PASSWORD" |
    mariadbd --bootstrap --datadir=/var/lib/mysql
fi
exec "$@"
`,
    },
    folders: { "var/lib/mysql": 999, "run/mysqld": 999 },
    users: { mysql: 999 },
    changes: [
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["mariadbd"]',
      ...["EXPOSE 3306", "VOLUME /var/lib/mysql"],
    ],
  },
  haproxy: {
    packages: ["haproxy"],
    folders: { "usr/local/etc/haproxy": 0, "var/lib/haproxy": 99 },
    users: { haproxy: 99 },
    changes: [
      'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
      ...["USER haproxy", "WORKDIR /var/lib/haproxy", "STOPSIGNAL SIGUSR1"],
    ],
  },
  mosquitto: {
    packages: ["mosquitto", "mosquitto-clients"],
    files: {
      "mosquitto/config/mosquitto.conf":
        "listener 1883\nallow_anonymous true\npersistence true\npersistence_location /mosquitto/data/\nautosave_interval 1\nautosave_on_changes true\n",
      "docker-entrypoint.sh": `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ] && [ -d /mosquitto ]; then chown -R mosquitto:mosquitto /mosquitto || true; fi
exec "$@"
`,
    },
    folders: { "mosquitto/data": 1883, "mosquitto/log": 1883 },
    users: { mosquitto: 1883 },
    changes: [
      'ENTRYPOINT ["/docker-entrypoint.sh"]',
      'CMD ["mosquitto", "-c", "/mosquitto/config/mosquitto.conf"]',
      ...["EXPOSE 1883", "VOLUME /mosquitto/data", "VOLUME /mosquitto/log"],
    ],
  },
  /** A team's own program, which writes beside its code. */
  notes: {
    packages: [],
    node: true,
    files: {
      "app/server.js": `const { createServer } = require("node:http");
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
createServer((request, response) => {
  if (request.method === "POST") {
    request.on("data", (data) => appendFileSync("notes.txt", data));
    request.on("end", () => response.end("kept\\n"));
  } else response.end(existsSync("notes.txt") ? readFileSync("notes.txt") : "no notes\\n");
}).listen(3000);
`,
    },
    users: { node: 1000 },
    changes: ['CMD ["node", "server.js"]', "WORKDIR /app", "EXPOSE 3000"],
  },
  /** A team's own image of jobs: cron starts as root and runs each job as the user that its table names. */
  cron: {
    packages: ["cron"],
    files: {
      "etc/cron.d/reports": "SHELL=/bin/sh\n@reboot app date >>/data/reports && cp /data/reports /tmp/ran\n",
      "etc/pam.d/cron":
        "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
      "etc/pam.d/other": "auth required pam_deny.so\n",
      "start.sh":
        "#!/bin/sh\n# The container is the machine: its start is a reboot.\nrm -f /run/crond.reboot /run/crond.pid\nexec cron -f\n",
    },
    folders: { data: 1000, "var/spool/cron/crontabs": 0 },
    users: { app: 1000 },
    changes: ['CMD ["/start.sh"]', "VOLUME /data"],
  },
  /** busybox, as alpine has it. */
  alpine: { packages: [], users: {}, changes: ['CMD ["/bin/sh"]'] },
} as const satisfies Readonly<Record<string, ServerImage>>;
