import { describe, expect, test } from "vitest";
import { defaultCapabilities } from "../../model/container/capability.ts";
import { dangerousCapabilities } from "../capabilities/dangerous.ts";
import { knownImage } from "./tables/known-images.ts";

const images = [
  "nginx",
  "nginxinc/nginx-unprivileged",
  "httpd",
  "caddy",
  "traefik",
  "haproxy",
  "postgres",
  "postgres:16",
  "mysql",
  "mariadb",
  "redis",
  "valkey/valkey",
  "memcached",
  "mongo",
  "rabbitmq",
  "wordpress",
  "nextcloud",
  "grafana/grafana",
  "prom/prometheus",
  "registry",
  "node",
  "python",
  "php",
  "php:8.3-apache",
  "php:8.3-fpm",
  "alpine",
  "debian",
  "ubuntu",
  "busybox",
];

function needs(reference: string) {
  return knownImage(reference)?.needs;
}

describe.each(images)("%s", (reference) => {
  test("says where what is known of it is from", () => {
    expect(needs(reference)?.sources.length).toBeGreaterThan(0);
    for (const source of needs(reference)?.sources ?? []) expect(() => new URL(source)).not.toThrow();
  });

  test("needs no capability beyond what Docker leaves on by default, and each once", () => {
    const { capabilities = [] } = needs(reference) ?? {};
    expect(capabilities.filter((name) => !defaultCapabilities.includes(name))).toEqual([]);
    expect(capabilities.filter((name) => dangerousCapabilities.has(name))).toEqual([]);
    expect(new Set(capabilities).size).toBe(capabilities.length);
  });

  test("names its programs, unless it is a base", () => {
    const { programs = [], bare } = needs(reference) ?? {};
    expect(bare || programs.length > 0).toBe(true);
  });

  test("writes to absolute paths, and listens on ports", () => {
    const { writable, ports = [] } = needs(reference) ?? {};
    for (const { path, kind, declared } of writable ?? []) {
      expect(path).toMatch(/^\/[\w./-]+[^/]$/);
      expect(kind === "tmpfs" && declared).toBe(false);
    }
    for (const port of ports) expect(port).toMatch(/^\d{2,5}\/(tcp|udp)$/);
  });
});

test.each(images.filter((reference) => needs(reference)?.nonRoot))(
  "%s is told a user other than root, for it starts as root",
  (reference) => {
    expect(knownImage(reference)?.user).toBe("");
    expect(needs(reference)?.nonRoot?.user).not.toMatch(/^(?:0|root)(?::|$)/);
  },
);

test.each(images.filter((reference) => knownImage(reference)?.user !== ""))(
  "%s needs no capability, for it starts as another user",
  (reference) => {
    expect(needs(reference)?.capabilities).toEqual([]);
  },
);

test("what a run has shown is marked, and nothing else", () => {
  expect(images.filter((reference) => needs(reference)?.tried)).toEqual(["nginx", "redis", "busybox"]);
});

test.each([
  ["nginx:1.27-alpine", ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]],
  ["docker.io/library/redis:8", ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID", "SETPCAP"]],
  ["memcached:1.6", []],
])("%s needs %j", (reference, expected) => {
  expect(needs(reference)?.capabilities).toEqual(expected);
});

test.each([
  ["postgres:17.2-alpine", "/var/lib/postgresql/data"],
  ["postgres:18.1", "/var/lib/postgresql"],
  ["postgres", "/var/lib/postgresql"],
])("%s keeps its data at %s", (reference, path) => {
  expect(needs(reference)?.writable).toContainEqual({ path, kind: "data", declared: true });
});

test("what nobody has written down is not made up", () => {
  expect(needs("nextcloud")?.writable).toBeUndefined();
  expect(needs("wordpress:php8.3-fpm")).toBeUndefined();
  expect(needs("team/nginx")).toBeUndefined();
  expect(knownImage("julia")).toMatchObject({ user: "" });
  expect(needs("julia")).toBeUndefined();
});
