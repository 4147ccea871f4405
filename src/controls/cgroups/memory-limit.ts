import type { Container } from "../../model/container.ts";
import { isOpen, originsOf, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { sayBytes } from "./amounts.ts";
import { whereInForce } from "./limits.ts";

const mebibyte = 1024 ** 2;

/** Where the fix starts, bytes. */
const startingPoint = 512 * mebibyte;

export const memoryLimit: Control = {
  id: "memory-limit",
  title: "The memory is not limited",
  why: "A container without a limit may take all of the host's memory. When none is left the kernel kills processes by size, not by guilt: the database next to the leaking worker, or the Docker daemon. A limit keeps the harm inside the container. A limit above the host's memory limits nothing. With the OOM killer disabled a container at its limit hangs instead of being killed, and without a limit it can hang the host.",
  row: "2.2",
  severity: "medium",
  guard: "harden",
  cis: ["5.11"],
  attack: ["T1496", "T1499"],
  cwe: [770, 400],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/resource_constraints/#memory",
    "https://docs.docker.com/reference/compose-file/services/#mem_limit",
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#memory",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run redis" },
      { syntax: "run", text: "docker run --memory 128m --oom-kill-disable redis" },
      { syntax: "compose", text: "services:\n  cache:\n    image: redis\n    mem_reservation: 64m\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --memory 128m redis" },
      {
        syntax: "compose",
        text: "services:\n  cache:\n    image: redis\n    deploy:\n      resources:\n        limits:\n          memory: 128M\n",
      },
    ],
  },
  settledBy: "effective",
  check: {
    container: whereInForce(["memory"], (container, context) => {
      const limit = judgeLimit(container, context);
      const killer = judgeOomKill(container);
      return limit.verdict === "notApplicable" && killer.verdict === "pass"
        ? limit
        : combine([limit, killer]);
    }),
  },
  remedy: {
    container(container, context) {
      const isLimited = judgeLimit(container, context).verdict !== "fail";
      const needsMore = heavyImages.test(valueOr(container.image, ""));
      const limit: readonly ContainerPatch[] =
        isLimited || needsMore ? [] : [{ op: "set", field: "memory", value: suggestion(container, context) }];
      const killer: readonly ContainerPatch[] = valueOr(container.oomKillDisable, false)
        ? [{ op: "set", field: "oomKillDisable", value: false }]
        : [];
      return {
        kind: "behavioural",
        summary: isLimited
          ? "Leave the OOM killer on."
          : needsMore
            ? "Limit the memory to what this image needs, which is more than 512 MiB: `docker stats` under load shows it."
            : "Limit the memory; 512 MiB is a starting point, `docker stats` under load shows what it needs.",
        patches: [...limit, ...killer],
        breaks:
          "A process that needs more than the limit is killed: exit status 137, and `docker inspect` says OOMKilled.",
      };
    },
  },
};

/** Images that are documented to need more than the starting point: no number is invented for them. */
const heavyImages =
  /(?:^|[/-])(?:elasticsearch|opensearch|logstash|clickhouse(?:-server)?|cassandra|scylla|mssql|oracle-?(?:xe|free)?|db2|gitlab(?:-[ce]e)?|sonarqube|jenkins|kafka|neo4j|keycloak|immich-(?:server|machine-learning)|jellyfin|plex|frigate|ollama|vllm|localai|minecraft-server|nextcloud|all-in-one|clamd|clamav|paperless-ngx|solr|confluence|jira|nexus3|artifactory(?:-\w+)?)(?=[:@/]|$)/;

function judgeLimit({ memory, job }: Container, { engine }: Context): Verdict {
  if (isOpen(memory)) return unknownFact(memory);
  const hasNone = memory.state === "unset" || memory.value <= 0;
  if (hasNone && job !== undefined) return notApplicable(`${job.why}: it holds its memory for a short time`);
  if (memory.state === "unset" || memory.value <= 0) {
    return fail(
      "has no memory limit: it can use all of the host's memory, and the kernel then kills other processes",
      {
        origins: originsOf(memory),
        observed: "no memory limit",
      },
    );
  }
  const total = engine ? valueOr(engine.memoryTotal, Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  if (memory.value <= total) return pass(`memory ${sayBytes(memory.value)}`);
  return fail(
    `has a memory limit of ${sayBytes(memory.value)} on a host with ${sayBytes(total)}: that limits nothing`,
    { origins: memory.origins, observed: `memory ${sayBytes(memory.value)}` },
  );
}

function judgeOomKill({ oomKillDisable, memory }: Container): Verdict {
  if (isOpen(oomKillDisable)) return unknownFact(oomKillDisable);
  if (oomKillDisable.state === "unset" || !oomKillDisable.value) return pass();
  const consequence = valueOr(memory, 0) > 0 ? "at its limit it hangs" : "it can hang the whole host";
  return fail(`turns the OOM killer off: ${consequence} instead of being killed`, {
    origins: oomKillDisable.origins,
    severity: "high",
    evidence: "oom-kill-disable",
    observed: "OOM killer off",
  });
}

/** Docker refuses a limit below the reservation, and a memory-and-swap below the limit. */
function suggestion({ memoryReservation, memorySwap }: Container, { engine }: Context): number {
  const atLeast = Math.max(startingPoint, valueOr(memoryReservation, 0));
  const total = engine ? valueOr(engine.memoryTotal, atLeast) : atLeast;
  const swap = valueOr(memorySwap, 0);
  return Math.min(atLeast, total, swap > 0 ? swap : atLeast);
}
