import type { Recommendation, Section } from "../benchmark.ts";
import { scored } from "./recommend.ts";

const titles: readonly (readonly [number: string, level: 1 | 2, title: string])[] = [
  ["3.1", 1, "docker.service belongs to root"],
  ["3.2", 1, "docker.service has mode 644 at most"],
  ["3.3", 1, "docker.socket belongs to root"],
  ["3.4", 1, "docker.socket has mode 644 at most"],
  ["3.5", 1, "/etc/docker belongs to root"],
  ["3.6", 1, "/etc/docker has mode 755 at most"],
  ["3.7", 1, "Registry certificates belong to root"],
  ["3.8", 1, "Registry certificates have mode 444 at most"],
  ["3.9", 1, "The TLS CA certificate belongs to root"],
  ["3.10", 1, "The TLS CA certificate has mode 444 at most"],
  ["3.11", 1, "The daemon's certificate belongs to root"],
  ["3.12", 1, "The daemon's certificate has mode 444 at most"],
  ["3.13", 1, "The daemon's TLS key belongs to root"],
  ["3.14", 1, "The daemon's TLS key has mode 400"],
  ["3.15", 1, "The Docker socket belongs to root and the group docker"],
  ["3.16", 1, "The Docker socket has mode 660 at most"],
  ["3.17", 1, "daemon.json belongs to root"],
  ["3.18", 1, "daemon.json has mode 644 at most"],
  ["3.19", 1, "/etc/default/docker belongs to root"],
  ["3.20", 1, "/etc/default/docker has mode 644 at most"],
  ["3.21", 1, "/etc/sysconfig/docker has mode 644 at most"],
  ["3.22", 1, "/etc/sysconfig/docker belongs to root"],
  ["3.23", 1, "containerd's socket belongs to root"],
  ["3.24", 1, "containerd's socket has mode 660 at most"],
];

export const files: Section = {
  number: "3",
  title: "Docker's files",
  recommendations: titles.map(
    ([number, level, title]): Recommendation => scored(number, level, title, "engine-files"),
  ),
};
