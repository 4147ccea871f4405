import { servers } from "../images.ts";
import type { Stack } from "../stacks.ts";

const asGuest = `wget -qO- --header "Authorization: Basic $(printf guest:guest | base64)" --header "Content-Type: application/json"`;

/** Asked before there is a cookie, root's rabbitmqctl would make one, which the server cannot read. */
const listens = "wget -qO- http://127.0.0.1:15672/ >/dev/null";

export const dataStacks: readonly Stack[] = [
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
      // Over TCP: the server that only fills a new data folder listens on its socket, and ends.
      ["db", "PGPASSWORD=secret psql -h 127.0.0.1 -U postgres -tAc 'select 1'"],
      [
        "db",
        "for i in $(seq 80); do psql -U postgres -tAc 'select pg_sleep(4)' >/dev/null 2>&1 & pids=\"$pids $!\"; done; n=0; for p in $pids; do wait $p && n=$((n+1)); done; echo $n clients served",
      ],
    ],
  },
  {
    name: "mariadb-load",
    images: { "mariadb:11.8": servers.mariadb },
    compose: `services:
  db:
    image: mariadb:11.8
    environment: { MARIADB_ROOT_PASSWORD: secret }
    volumes: ["db:/var/lib/mysql"]
volumes: { db: {} }
`,
    checks: ["--check-exec", "mariadb -uroot -psecret -Ne 'select 1'"],
    uses: [
      ["db", "mariadb -h 127.0.0.1 -uroot -psecret -Ne 'select 1'"],
      [
        "db",
        // 200 MB of rows, sorted in files, then changed as a whole.
        `mariadb -uroot -psecret -Ne "create database a; use a; create table big (n int primary key, t varchar(1000)); insert into big select seq, repeat('x', 900) from seq_1_to_200000; select count(*) from (select t, n from big order by concat(t, reverse(n))) s; alter table big add m int default 1, algorithm=copy; select sum(m) from big"`,
      ],
      ["host", "docker-compose restart db 2>/dev/null"],
      ["db", "mariadb -uroot -psecret -Ne 'select count(*) from a.big'"],
    ],
  },
  {
    name: "redis-restored",
    images: { "redis:8.0": servers.redis },
    compose: `services:
  cache:
    image: redis:8.0
    volumes: ["./data:/data"]
`,
    prepare: "mkdir data",
    checks: ["--check-exec", "redis-cli ping"],
    uses: [
      ["cache", "redis-cli set color kept && redis-cli save"],
      // As from a backup: root's file, that root alone reads.
      [
        "host",
        "docker-compose stop cache 2>/dev/null; cp data/dump.rdb backup && rm data/dump.rdb && cp backup data/dump.rdb && chmod 600 data/dump.rdb && chown 0:0 data/dump.rdb && docker-compose start cache 2>/dev/null",
      ],
      ["cache", "redis-cli get color | grep kept"],
      ["cache", "redis-cli set color new && redis-cli save"],
    ],
  },
  {
    name: "rabbitmq",
    images: {
      "rabbitmq:4.0-management": {
        packages: ["rabbitmq-server", "gosu"],
        files: {
          "etc/rabbitmq/enabled_plugins": "[rabbitmq_management].\n",
          "usr/local/bin/docker-entrypoint.sh": `#!/bin/sh
set -e
if [ "$1" = rabbitmq-server ] && [ "$(id -u)" = 0 ]; then
  find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +
  exec gosu rabbitmq "$0" "$@"
fi
exec "$@"
`,
        },
        folders: {
          ...{ "var/lib/rabbitmq": 999, "var/lib/rabbitmq/mnesia": 999 },
          ...{ "var/log/rabbitmq": 999, "etc/rabbitmq": 999 },
        },
        users: { rabbitmq: 999 },
        // Its home, where the cookie of its nodes is.
        links: { rabbitmq: "/var/lib/rabbitmq" },
        changes: [
          "ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- LANG=C.UTF-8",
          'ENTRYPOINT ["docker-entrypoint.sh"]',
          'CMD ["rabbitmq-server"]',
          ...["EXPOSE 5672 15672", "VOLUME /var/lib/rabbitmq"],
        ],
      },
    },
    compose: `services:
  queue:
    image: rabbitmq:4.0-management
    hostname: queue
    volumes: ["queue:/var/lib/rabbitmq"]
volumes: { queue: {} }
`,
    checks: ["--check-exec", `${listens} && rabbitmqctl -q ping`],
    uses: [
      ["queue", `${listens} && rabbitmqctl -q await_startup && echo up`],
      [
        "queue",
        `${asGuest} --post-data '{"queues":[{"vhost":"/","name":"jobs","durable":true,"auto_delete":false,"arguments":{}}]}' http://127.0.0.1:15672/api/definitions && echo declared`,
      ],
      [
        "queue",
        `${asGuest} --post-data '{"properties":{"delivery_mode":2},"routing_key":"jobs","payload":"a job","payload_encoding":"string"}' http://127.0.0.1:15672/api/exchanges/%2f/amq.default/publish`,
      ],
      ["host", "docker-compose restart queue 2>/dev/null"],
      ["queue", `${listens} && rabbitmqctl -q await_startup && echo up`],
      [
        "queue",
        `${asGuest} --post-data '{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}' http://127.0.0.1:15672/api/queues/%2f/jobs/get | grep -o '"payload":"[^"]*"'`,
      ],
    ],
  },
  {
    name: "prometheus",
    images: {
      "prom/prometheus:v2.53.3": {
        packages: ["prometheus"],
        files: {
          "etc/prometheus/prometheus.yml":
            "global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: own, static_configs: [{ targets: ['127.0.0.1:9090'] }] }]\n",
        },
        folders: { prometheus: 65534 },
        users: { nobody: 65534 },
        changes: [
          'ENTRYPOINT ["/usr/bin/prometheus"]',
          'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
          ...["EXPOSE 9090", "VOLUME /prometheus", "WORKDIR /prometheus", "USER nobody"],
        ],
      },
    },
    compose: `services:
  metrics:
    image: prom/prometheus:v2.53.3
    volumes: ["metrics:/prometheus"]
volumes: { metrics: {} }
`,
    checks: ["--check-http", ":9090/-/ready"],
    uses: [
      ["metrics", `wget -qO- 'http://127.0.0.1:9090/api/v1/query?query=up' | grep -o '"1"'`],
      ["metrics", "kill -HUP 1; sleep 1; wget -qO- http://127.0.0.1:9090/-/ready"],
      ["host", "docker-compose restart metrics 2>/dev/null"],
      [
        "metrics",
        `wget -qO- 'http://127.0.0.1:9090/api/v1/query?query=count_over_time(up[1h])>2' | grep -o '"status":"success"'`,
      ],
    ],
  },
  {
    name: "mosquitto",
    images: { "eclipse-mosquitto:2.0": servers.mosquitto },
    compose: `services:
  broker:
    image: eclipse-mosquitto:2.0
    volumes: ["broker:/mosquitto/data"]
volumes: { broker: {} }
`,
    checks: ["--check-exec", "mosquitto_pub -t probe -m x"],
    uses: [
      ["broker", "mosquitto_pub -r -t state -m kept && mosquitto_sub -C 1 -W 5 -t state"],
      ["broker", "kill -HUP 1; sleep 1; mosquitto_sub -C 1 -W 5 -t state"],
      ["host", "sleep 2; docker-compose restart broker 2>/dev/null"],
      ["broker", "mosquitto_sub -C 1 -W 5 -t state"],
    ],
  },
];
