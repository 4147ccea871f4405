import { valueOr } from "../../model/fact.ts";
import { fail, notApplicable, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { declaredNote, dockerOnly } from "./docker-only.ts";

export const engineLiveRestore: Control = {
  id: "engine-live-restore",
  title: "Containers stop when dockerd does",
  why: "Without live restore every restart of dockerd, and so every security update of it, takes all containers down. Updates then wait for a maintenance window, or do not happen. With it containers run on while dockerd is away. Swarm moves its tasks instead, and excludes it.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: ["2.15"],
  attack: ["T1489"],
  cwe: [693],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/daemon/live-restore/",
    "https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "dockerd", text: "dockerd --live-restore=false" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "live-restore": true }\n' },
      { syntax: "dockerd", text: "dockerd --live-restore" },
    ],
  },
  check: {
    engine: dockerOnly((engine) => {
      if (valueOr(engine.swarmActive, false))
        return notApplicable("Swarm is on, which excludes live restore");
      return judgeFact(engine.liveRestore, (value, origins) =>
        value
          ? pass("live-restore")
          : fail(
              `has live restore off: every restart or update of dockerd stops all containers${declaredNote(engine, "that it is in a Swarm cannot be seen here")}`,
              { origins, evidence: "live-restore", observed: "live-restore off" },
            ),
      );
    }),
  },
  remedy: {
    engine({ swarmActive }) {
      const summary = "Keep containers running while dockerd restarts.";
      const patches = [{ op: "set", field: "liveRestore", value: true }] as const;
      if (swarmActive.state === "set") return { kind: "safe", summary, patches };
      const breaks = "dockerd refuses to start with it on a node of a Swarm, and the node cannot join one.";
      return { kind: "behavioural", summary, patches, breaks };
    },
  },
};
