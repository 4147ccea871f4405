import { expect, test } from "vitest";
import { knownImage } from "./known-images.ts";

test.each([
  ["nginx", ""],
  ["nginx:1.27-alpine", ""],
  ["docker.io/library/nginx@sha256:ab", ""],
  ["memcached:1.6", "memcache"],
  ["haproxy", "haproxy"],
  ["haproxy:2.10-alpine", "haproxy"],
  ["haproxy:2.0", undefined],
  ["prom/node-exporter", "nobody"],
  ["quay.io/prometheus/node-exporter:v1", "nobody"],
  ["gcr.io/distroless/base:debug-nonroot", "nonroot"],
  ["registry.example/app:nonroot-amd64", "nonroot"],
  ["registry.example/nginx", undefined],
  ["team/nginx", undefined],
  ["lscr.io/linuxserver/sonarr:latest", ""],
  ["ghcr.io/linuxserver/plex", ""],
  ["portainer/portainer-ce:2.21.4", ""],
  ["gitea/gitea:1.22", ""],
  ["gitea/gitea:1.22-rootless", "1000:1000"],
  ["ghcr.io/immich-app/immich-server:release", ""],
  ["grafana/loki:3.2.0", "10001"],
  ["louislam/uptime-kuma:1", ""],
  ["louislam/uptime-kuma:2-rootless", undefined],
  ["adguard/adguardhome", ""],
  ["docker.n8n.io/n8nio/n8n:1.70", "node"],
  ["influxdb:2.7", ""],
  ["influxdb:3-core", undefined],
  ["nonroot", undefined],
])("%s", (reference, user) => {
  expect(knownImage(reference)?.user).toBe(user);
});
