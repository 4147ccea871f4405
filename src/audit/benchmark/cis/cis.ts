import type { Benchmark, Section } from "../benchmark.ts";
import { daemon, files, host } from "./host.ts";
import { asked, scored, judgedBy } from "./recommend.ts";
import { images, runtime } from "./runtime.ts";

const operations: Section = {
  number: "6",
  title: "Operations",
  recommendations: [
    asked(
      "6.1",
      1,
      "Unused images are removed",
      "Confirm that the images are kept on purpose.",
      "image-sprawl",
    ),
    asked(
      "6.2",
      1,
      "Stopped containers are removed",
      "Confirm that the containers are kept on purpose.",
      "container-sprawl",
    ),
  ],
};

const swarm: Section = {
  number: "7",
  title: "Swarm",
  recommendations: [
    scored("7.1", 1, "There are no more managers than needed", "swarm-managers"),
    scored("7.2", 1, "Managers listen on one interface", "swarm-listen-address"),
    scored("7.3", 1, "Overlay networks are encrypted", "swarm-overlay-encryption"),
    asked(
      "7.4",
      2,
      "Services get secrets from the swarm",
      "Confirm that no service gets a password by its environment or image.",
      "swarm-secrets",
    ),
    scored("7.5", 1, "Managers are locked", "swarm-auto-lock"),
    asked(
      "7.6",
      1,
      "The unlock key is changed from time to time",
      "Change it on a schedule and after people leave: docker swarm unlock-key --rotate.",
      "swarm-by-hand",
    ),
    judgedBy("7.7", 2, "Node certificates expire soon", "swarm-certificates"),
    asked(
      "7.8",
      2,
      "The swarm's root certificate is changed from time to time",
      "Change it on a schedule and after a node was compromised: docker swarm ca --rotate.",
      "swarm-by-hand",
    ),
    asked(
      "7.9",
      2,
      "Management and containers use separate networks",
      "Confirm that the swarm was made with --data-path-addr on another interface than --advertise-addr: the Engine does not tell.",
      "swarm-by-hand",
    ),
  ],
};

/**
 * The CIS Docker Benchmark 1.6, recommendation by recommendation, numbered as docker-bench-security numbers them. Every word
 * is ours; the benchmark's own text is at https://www.cisecurity.org/benchmark/docker.
 */
export const cis: Benchmark = {
  id: "cis-1.6",
  title: "CIS Docker Benchmark 1.6",
  sections: [host, daemon, files, images, runtime, operations, swarm],
};
