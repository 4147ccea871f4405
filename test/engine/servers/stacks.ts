import type { ServerImage } from "./image.ts";
import { servers } from "./images.ts";

/** A project as its owner uses it: what it answers hardened must be what it answered untouched. */
export interface Stack {
  readonly name: string;
  /** By the reference that the project names. */
  readonly images: Readonly<Record<string, ServerImage>>;
  readonly compose: string;
  readonly files?: Readonly<Record<string, string>>;
  /** What a user says that working means, as words of the command. */
  readonly checks: readonly string[];
  /**
   * Shell commands in a service, one after the other, as its owner's day: each output is compared. One that fails is tried for
   * some seconds.
   */
  readonly uses: readonly (readonly [service: string, command: string])[];
}

const nginx = servers.nginx;

/** As the official image's entrypoint: envsubst over /etc/nginx/templates, and no word where that is asked for. */
const templating = `#!/bin/sh
say() { [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$@"; }
for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || continue
  name=$(basename "$template" .template)
  if [ ! -w /etc/nginx/conf.d ]; then say "/etc/nginx/conf.d is not writable"; continue; fi
  sed "s|\\\${NGINX_HOST}|$NGINX_HOST|g" "$template" >"/etc/nginx/conf.d/$name"
done
exec "$@"
`;

const defaultSite = "server { listen 80; location / { return 200 'Welcome to nginx!\\n'; } }\n";

/** The image's own server serves nothing here: conf.d does. */
const nginxConfigured = nginx.files["etc/nginx/nginx.conf"].replace(/ {2}server \{[\s\S]*? {2}\}\n\}/, "}");

const answers = `php8.4 -n -r 'exit(fsockopen("127.0.0.1", 9000) ? 0 : 1);' && echo open`;

export const stacks: readonly Stack[] = [
  {
    name: "nginx-templates",
    images: {
      "nginx:1.26": {
        ...nginx,
        files: {
          ...nginx.files,
          "etc/nginx/nginx.conf": nginxConfigured,
          "etc/nginx/conf.d/default.conf": defaultSite,
          "docker-entrypoint.sh": templating,
        },
        changes: ['ENTRYPOINT ["/docker-entrypoint.sh"]', ...nginx.changes],
      },
    },
    compose: `services:
  web:
    image: nginx:1.26
    environment: { NGINX_HOST: the-shop, NGINX_ENTRYPOINT_QUIET_LOGS: "1" }
    volumes: ["./templates:/etc/nginx/templates:ro"]
`,
    files: {
      "templates/default.conf.template":
        "server { listen 80; location / { return 200 'the site of ${NGINX_HOST}\\n'; } }\n",
    },
    checks: ["--check-http", "/"],
    uses: [["web", "wget -qO- http://127.0.0.1/"]],
  },
  {
    name: "php-fpm",
    images: {
      "php:8.4-fpm": {
        packages: ["php8.4-fpm"],
        files: {
          "etc/php-fpm.conf": `[global]
pid = /run/php-fpm.pid
error_log = /proc/self/fd/2
daemonize = no
process_control_timeout = 5
[www]
user = www-data
group = www-data
listen = 9000
pm = static
pm.max_children = 2
`,
        },
        changes: [
          'CMD ["php-fpm8.4", "-F", "-y", "/etc/php-fpm.conf"]',
          ...["EXPOSE 9000", "STOPSIGNAL SIGQUIT"],
        ],
      },
    },
    compose: "services:\n  app:\n    image: php:8.4-fpm\n",
    checks: ["--check-exec", answers],
    uses: [
      ["app", answers],
      [
        "app",
        // A reload replaces its workers.
        'read -r worker others </proc/1/task/1/children; kill -USR2 1; for i in 1 2 3 4 5 6 7 8; do sleep 0.5; [ -e "/proc/$worker" ] || { echo reloaded; exit; }; done; exit 1',
      ],
    ],
  },
  {
    name: "nginx-upload",
    images: { "nginx:1.26": nginx },
    compose:
      "services:\n  web:\n    image: nginx:1.26\n    volumes: [./big.conf:/etc/nginx/conf.d/big.conf:ro]\n",
    files: { "big.conf": "client_max_body_size 200m;\n" },
    checks: ["--check-http", "POST /upload +100m => nginx serves"],
    uses: [
      [
        "web",
        "head -c 100000000 /dev/zero >/dev/shm/body 2>/dev/null || head -c 60000000 /dev/zero >/dev/shm/body; wget -qO- --post-file=/dev/shm/body http://127.0.0.1/upload; rm /dev/shm/body",
      ],
    ],
  },
  {
    name: "postgres-clients",
    images: { "postgres:17": servers.postgres },
    compose: `services:
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: secret }
    volumes: ["db:/var/lib/postgresql/data"]
volumes: { db: {} }
`,
    checks: ["--check-exec", "psql -U postgres -tAc 'select 1'"],
    uses: [
      ["db", "psql -U postgres -tAc 'select 1'"],
      [
        "db",
        "for i in $(seq 80); do psql -U postgres -tAc 'select pg_sleep(4)' >/dev/null 2>&1 & pids=\"$pids $!\"; done; n=0; for p in $pids; do wait $p && n=$((n+1)); done; echo $n clients served",
      ],
    ],
  },
  {
    name: "nginx-plain",
    images: { "nginx:1.26": nginx },
    compose: "services:\n  web:\n    image: nginx:1.26\n",
    checks: ["--check-http", "/"],
    uses: [["web", "wget -qO- http://127.0.0.1/"]],
  },
  {
    name: "supervisord",
    images: {
      "registry.example/jobs:1": {
        packages: ["supervisor", "cron"],
        files: {
          "etc/supervisord.conf": `[supervisord]
nodaemon=true
user=root
logfile=/var/log/supervisor/supervisord.log
pidfile=/run/supervisord.pid
[unix_http_server]
file=/run/supervisor.sock
[supervisorctl]
serverurl=unix:///run/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command=/usr/bin/python3 -m http.server 8000 --directory /srv/site
user=www-data
[program:cron]
command=/usr/sbin/cron -f
`,
          "srv/site/index.html": "the site\n",
          "etc/cron.d/stamp": "* * * * * root date >>/var/log/stamps\n",
        },
        folders: { "var/log/supervisor": 0, run: 0, "var/spool/cron/crontabs": 0 },
        users: { "www-data": 33 },
        changes: ['CMD ["/usr/bin/supervisord", "-c", "/etc/supervisord.conf"]', "EXPOSE 8000"],
      },
    },
    compose: "services:\n  jobs:\n    image: registry.example/jobs:1\n",
    checks: ["--check-http", ":8000/ => the site"],
    uses: [
      ["jobs", "wget -qO- http://127.0.0.1:8000/"],
      ["jobs", "supervisorctl -c /etc/supervisord.conf restart web"],
    ],
  },
];
