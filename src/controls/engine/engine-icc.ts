import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineIcc: Control = {
  id: "engine-icc",
  title: "Containers on the default bridge reach one another",
  why: "Every container started without `--network` lands on the default bridge, and there each reaches every port of all the others, published or not: one that is taken over scans and attacks the rest. With `icc` off they only reach what is published; containers that belong together share a network of their own, which `icc` does not touch.",
  row: "2.12",
  severity: "medium",
  guard: "off",
  cis: ["2.2"],
  attack: ["T1046", "T1021"],
  cwe: [653, 923],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/network/drivers/bridge/#use-the-default-bridge-network",
    "https://docs.docker.com/engine/network/drivers/bridge/#options",
    "https://docs.docker.com/reference/cli/dockerd/",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "dockerd", text: "dockerd --icc=true" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "icc": false }\n' },
      { syntax: "dockerd", text: "dockerd --icc=false" },
    ],
  },
  check: {
    engine: dockerOnly(({ icc }) =>
      judgeFact(icc, (value, origins) =>
        value === false
          ? pass("icc off")
          : fail(
              "lets containers on the default bridge reach every port of one another (icc): one that is taken over attacks the rest",
              { origins, evidence: "icc", observed: "icc on" },
            ),
      ),
    ),
  },
  remedy: {
    engine: () => ({
      kind: "decision",
      summary:
        "Turn inter-container communication on the default bridge off, and give containers that belong together a network of their own.",
      patches: [{ op: "set", field: "icc", value: false }],
      breaks:
        "Containers on the default bridge that talk to one another without `--link` time out; Compose projects have their own networks and are not touched.",
    }),
  },
};
