export interface Bundled {
  readonly name: string;
  /** Of the workloads or of the stacks, the one by which it is learnt. */
  readonly by: string;
  readonly from: "workloads" | "stacks";
}

const byWorkload = {
  nginx: "nginx-root",
  "nginx-unprivileged": "nginx-user",
  redis: "redis-volume",
  postgres: "postgres-volume",
  mariadb: "mariadb-volume",
  haproxy: "haproxy",
};

const byStack = {
  memcached: "memcached",
  rabbitmq: "rabbitmq",
  prometheus: "prometheus",
  caddy: "caddy",
  registry: "registry",
  "php-apache": "apache-php-upload",
  "php-fpm": "php-fpm",
};

/** The images that have a bundle in test/fixtures/bundles. */
export const bundled: readonly Bundled[] = [
  ...Object.entries(byWorkload).map(([name, by]) => ({ name, by, from: "workloads" as const })),
  ...Object.entries(byStack).map(([name, by]) => ({ name, by, from: "stacks" as const })),
];
