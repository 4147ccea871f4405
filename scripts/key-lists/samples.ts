import type { Example } from "../../src/controls/control.ts";

const service = (...keys: readonly string[]): readonly Example[] =>
  keys.map((key) => ({ syntax: "compose", text: `services: { a: { image: nginx, ${key} } }` }));

const daemon = (...texts: readonly string[]): readonly Example[] =>
  texts.map((text) => ({ syntax: "daemon.json", text }));

const run = (...options: readonly string[]): readonly Example[] =>
  options.map((each) => ({ syntax: "run", text: `docker run ${each} nginx` }));

/** What no example of a control says: short texts in which a key decides a verdict. */
export const samples: readonly Example[] = [
  ...service(
    "mem_limit: 1g, memswap_limit: -1",
    "mem_limit: 1g, mem_swappiness: 100",
    "mem_limit: 1g, oom_kill_disable: true",
    "cpus: 0.5",
    "cpu_quota: 20000, cpu_period: 50000",
    "cpu_shares: 512",
    "cpuset: '0'",
    "pids_limit: 100",
    "blkio_config: { weight: 300 }",
    "blkio_config: { weight_device: [{ path: /dev/sda, weight: 300 }] }",
    "blkio_config: { device_read_bps: [{ path: /dev/sda, rate: 1mb }] }",
    "blkio_config: { device_read_iops: [{ path: /dev/sda, rate: 10 }] }",
    "blkio_config: { device_write_iops: [{ path: /dev/sda, rate: 10 }] }",
    "device_cgroup_rules: ['a *:* rwm']",
    "devices: [{ source: /dev/sda, target: /dev/null, permissions: rwm }]",
    "gpus: [{ driver: nvidia, count: 1, device_ids: [a], capabilities: [gpu] }]",
    "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }",
    "pre_stop: [{ command: id, privileged: true, user: root }]",
    "pre_start: [{ command: id, privileged: true, user: root, image: busybox }]",
    "post_start: [{ command: id, privileged: true, user: root }]",
    "post_start: [{ command: id, user: root }]",
    "use_api_socket: true",
    "command: redis-server --requirepass hunter2",
    "entrypoint: [redis-server, --requirepass, hunter2]",
    "labels: { password: 'tr0ub4dor-and-3' }",
    "healthcheck: { test: 'mysqladmin ping -ptr0ub4dor-and-3' }",
    "healthcheck: { test: id, disable: true }",
    "logging: { driver: syslog, options: { syslog-address: 'tcp://192.0.2.1:514' } }",
    "logging: { options: { max-size: 10m } }",
    "ulimits: { nofile: { soft: 5, hard: 6 } }",
    "deploy: { restart_policy: { condition: any } }",
    "deploy: { restart_policy: { condition: on-failure, max_attempts: 50 } }",
    "ports: [{ target: 5432, published: '5432', protocol: tcp, host_ip: 127.0.0.1 }]",
    "ports: [{ target: 80, published: '80', mode: host }]",
    "volumes: [{ type: bind, source: /etc, target: /x, read_only: true }]",
    "volumes: [{ type: bind, source: /, target: /x, bind: { propagation: rshared } }]",
    "volumes: [{ type: tmpfs, target: /x, tmpfs: { size: 1m } }]",
    "read_only: true, volumes: [{ type: tmpfs, target: /x, tmpfs: { size: 1m, mode: 0777 } }]",
    "volumes_from: ['container:other']",
    "build: { context: ., args: { DB_PASSWORD: 'tr0ub4dor-and-3' } }",
    "build: { context: ., labels: { password: 'tr0ub4dor-and-3' } }",
    `build: { dockerfile_inline: "FROM debian\\nRUN sudo id\\nUSER 5" }`,
  ),
  { syntax: "dockerfile", text: "FROM debian:12\nRUN --network=host id\n" },
  ...daemon(
    '{ "nri-opts": { "plugin-path": "/tmp/x" } }',
    '{ "nri-opts": { "plugin-config-path": "/tmp/x" } }',
    '{ "nri-opts": { "socket-path": "/tmp/x" } }',
    '{ "proxies": { "http-proxy": "http://docker:tr0ub4dor-and-3@proxy.example:3128" } }',
  ),
  ...run("--use-api-socket", "--label password=tr0ub4dor-and-3", "-p 127.0.0.1:5432:5432"),
  { syntax: "run", text: "docker run --entrypoint mysql nginx -ptr0ub4dor-and-3" },
  {
    syntax: "compose",
    text: "services: { a: { image: nginx, configs: [c] } }\nconfigs: { c: { content: 'password=tr0ub4dor-and-3' } }",
  },
];
