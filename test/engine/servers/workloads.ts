import type { ServerName } from "./images.ts";

/** A Compose project as people write it, and how to see that it works and keeps its data. */
export interface Workload {
  readonly name: string;
  readonly images: readonly ServerName[];
  /** `compose.yaml` */
  readonly compose: string;
  /** More files of the project, by their path in its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** The service in which the commands run. */
  readonly service: string;
  /** A shell command that ends with status 0 where the workload serves. */
  readonly serves: string;
  /** Stores something. Undefined where the workload has no data. */
  readonly write?: string;
  /** Ends with status 0 where that is still stored. */
  readonly read?: string;
}

const redis = {
  images: ["redis"],
  service: "cache",
  serves: "redis-cli ping | grep -q PONG",
  write: "redis-cli set color kept | grep -q OK",
  read: "redis-cli get color | grep -q kept",
} as const;

const sql = {
  create: "create table if not exists kept (word text); insert into kept values ('kept')",
  read: "select word from kept",
};

const postgres = {
  images: ["postgres"],
  service: "db",
  // By TCP: on its first start another server fills the data folder, which listens on a socket only, and ends.
  serves: "psql -h 127.0.0.1 -U postgres -tAc 'select 1' | grep -q 1",
  write: `psql -U postgres -qc "${sql.create}"`,
  read: `psql -U postgres -tAc '${sql.read}' | grep -q kept`,
} as const;

const mariadb = {
  images: ["mariadb"],
  service: "db",
  serves: "mariadb -uroot -psecret -Ne 'select 1' | grep -q 1",
  write: `mariadb -uroot -psecret -e "create database if not exists a; use a; ${sql.create}"`,
  read: `mariadb -uroot -psecret -Ne 'use a; ${sql.read}' | grep -q kept`,
} as const;

export const workloads: readonly Workload[] = [
  {
    ...redis,
    name: "redis-volume",
    compose: `services:
  cache:
    image: redis:8.0
    ports: ["6379:6379"]
    volumes:
      - data:/data
volumes:
  data:
`,
  },
  {
    ...redis,
    name: "redis-bind",
    compose: `services:
  cache:
    image: redis:8.0
    volumes:
      - ./data:/data
`,
  },
  {
    ...postgres,
    name: "postgres-volume",
    compose: `services:
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: secret
    ports:
      - "5432:5432"
    volumes:
      - db:/var/lib/postgresql/data
volumes:
  db:
`,
  },
  {
    ...postgres,
    name: "postgres-bind",
    compose: `services:
  db:
    image: postgres:17
    environment:
      - POSTGRES_PASSWORD=secret
    volumes:
      - ./pgdata:/var/lib/postgresql/data
`,
  },
  {
    ...mariadb,
    name: "mariadb-volume",
    compose: `services:
  db:
    image: mariadb:11.8
    environment:
      MARIADB_ROOT_PASSWORD: secret
    volumes:
      - db:/var/lib/mysql
volumes:
  db:
`,
  },
  {
    ...mariadb,
    name: "mariadb-bind",
    compose: `services:
  db:
    image: mariadb:11.8
    environment:
      MARIADB_ROOT_PASSWORD: secret
    ports: ["3306:3306"]
    volumes:
      - ./mysql:/var/lib/mysql
`,
  },
  {
    name: "nginx-root",
    images: ["nginx"],
    compose: `services:
  web:
    image: nginx:1.26
    ports: ["80:80"]
    volumes:
      - ./site:/usr/share/nginx/html
`,
    files: { "site/index.html": "the site\n" },
    service: "web",
    serves:
      "wget -qO- http://127.0.0.1/ | grep -q 'the site' && wget -qO- http://127.0.0.1/upload >/dev/null",
  },
  {
    name: "nginx-user",
    images: ["nginx-unprivileged"],
    compose: `services:
  web:
    image: nginxinc/nginx-unprivileged:1.26
    user: "101"
    ports: ["8080:8080"]
    volumes:
      - ./site:/usr/share/nginx/html
`,
    files: { "site/index.html": "the site\n" },
    service: "web",
    serves: "wget -qO- http://127.0.0.1:8080/ | grep -q 'the site'",
  },
  {
    name: "haproxy",
    images: ["haproxy"],
    compose: `services:
  balancer:
    image: haproxy:3.0
    ports: ["80:80"]
    volumes:
      - ./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg
`,
    files: {
      "haproxy.cfg": `global
  stats socket /var/lib/haproxy/stats mode 600
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind :80
  http-request return status 200 content-type text/plain string "balanced"
`,
    },
    service: "balancer",
    serves: "wget -qO- http://127.0.0.1/ | grep -q balanced",
  },
  {
    name: "node-own-folder",
    images: ["notes"],
    compose: `services:
  notes:
    image: registry.example/notes:1
    ports: ["3000:3000"]
`,
    service: "notes",
    serves: "wget -qO- http://127.0.0.1:3000/ >/dev/null",
    write: "wget -qO- --post-data=kept http://127.0.0.1:3000/",
    read: "wget -qO- http://127.0.0.1:3000/ | grep -q kept",
  },
  {
    name: "mosquitto",
    images: ["mosquitto"],
    compose: `services:
  broker:
    image: eclipse-mosquitto:2.0
    ports: ["1883:1883"]
    volumes:
      - broker:/mosquitto/data
volumes:
  broker:
`,
    service: "broker",
    serves: "mosquitto_pub -t probe -m x",
    write: "mosquitto_pub -r -q 1 -t room -m kept",
    read: "mosquitto_sub -t room -C 1 -W 3 | grep -q kept",
  },
  {
    name: "cron",
    images: ["cron"],
    compose: `services:
  reports:
    image: registry.example/reports:1
    volumes:
      - reports:/data
volumes:
  reports:
`,
    service: "reports",
    // The job runs as another user, and writes to a scratch folder as well.
    serves: "test -s /data/reports && test -s /tmp/ran",
    write: "cp /data/reports /data/first",
    read: 'test -s /data/first && test "$(wc -l </data/reports)" -gt "$(wc -l </data/first)"',
  },
  {
    name: "backup-job",
    images: ["alpine"],
    compose: `services:
  backup:
    image: alpine:3.21
    command: ["sh", "-c", "while :; do tar -czf /backups/etc.tar.gz -C /source . && date >/backups/finished && sleep 1; done"]
    volumes:
      - /etc/apt:/source/apt
      - /etc:/source/etc
      - ./backups:/backups
`,
    files: { "backups/readme": "archives\n" },
    service: "backup",
    // tar fails where it could not read a file, and writes an archive without it.
    serves: "test -s /backups/finished && tar -tzf /backups/etc.tar.gz | grep -q etc/hostname",
    // The archive may be empty at the moment: the job begins it anew.
    write: "cp /backups/etc.tar.gz /backups/first.tar.gz && test -s /backups/first.tar.gz",
    read: "test -s /backups/first.tar.gz && tar -tzf /backups/etc.tar.gz | grep -q etc/hostname",
  },
  {
    name: "proxy-and-upstream",
    images: ["nginx", "notes"],
    compose: `services:
  proxy:
    image: nginx:1.26
    ports: ["8080:8080"]
    depends_on: [notes]
    volumes:
      - ./proxy.conf:/etc/nginx/conf.d/proxy.conf
  notes:
    image: registry.example/notes:1
`,
    files: {
      "proxy.conf": "server {\n  listen 8080;\n  location / { proxy_pass http://notes:3000; }\n}\n",
    },
    service: "proxy",
    serves: "wget -qO- http://127.0.0.1:8080/ >/dev/null",
    write: "wget -qO- --post-data=kept http://127.0.0.1:8080/",
    read: "wget -qO- http://127.0.0.1:8080/ | grep -q kept",
  },
];
