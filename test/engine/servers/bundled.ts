/** The images that have a bundle in test/fixtures/bundles, each with the workload or the stack by which it is learnt. */
export const bundled: readonly {
  readonly name: string;
  readonly by: { readonly workload: string } | { readonly stack: string };
}[] = [
  { name: "nginx", by: { workload: "nginx-root" } },
  { name: "nginx-unprivileged", by: { workload: "nginx-user" } },
  { name: "redis", by: { workload: "redis-volume" } },
  { name: "postgres", by: { workload: "postgres-volume" } },
  { name: "mariadb", by: { workload: "mariadb-volume" } },
  { name: "haproxy", by: { workload: "haproxy" } },
  { name: "memcached", by: { stack: "memcached" } },
  { name: "rabbitmq", by: { stack: "rabbitmq" } },
  { name: "prometheus", by: { stack: "prometheus" } },
  { name: "caddy", by: { stack: "caddy" } },
  { name: "registry", by: { stack: "registry" } },
  { name: "php-apache", by: { stack: "apache-php-upload" } },
  { name: "php-fpm", by: { stack: "php-fpm" } },
];
