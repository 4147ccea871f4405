import type { Benchmark } from "../benchmark.ts";
import { daemon } from "./daemon.ts";
import { files } from "./files.ts";
import { host } from "./host.ts";
import { images } from "./images.ts";
import { operations, swarm } from "./operations.ts";
import { runtime } from "./runtime.ts";

/**
 * The CIS Docker Benchmark 1.6, recommendation by recommendation, numbered as docker-bench-security numbers them. Every word
 * is ours; the benchmark's own text is at https://www.cisecurity.org/benchmark/docker.
 */
export const cis: Benchmark = {
  id: "cis-1.6",
  title: "CIS Docker Benchmark 1.6",
  sections: [host, daemon, files, images, runtime, operations, swarm],
};
