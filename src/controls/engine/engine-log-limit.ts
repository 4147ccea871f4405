import type { Engine } from "../../model/engine.ts";
import { firstOpen, isOpen, setItems, valueOr } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineLogLimit: Control = {
  id: "engine-log-limit",
  title: "Container logs may fill the disk",
  why: "json-file, the default log driver, keeps what a container prints in one file that grows for ever. A chatty service, or an attacker who makes one print, fills the engine's disk and stops every container on it. `max-size` with `max-file` rotates it; the `local` driver rotates by itself.",
  row: "2.3",
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1499.001"],
  cwe: [770, 779],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/logging/drivers/json-file/",
    "https://docs.docker.com/engine/logging/drivers/local/",
    "https://docs.docker.com/engine/logging/configure/",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "daemon.json", text: '{ "log-driver": "json-file", "log-opts": { "max-file": "3" } }\n' },
      { syntax: "dockerd", text: "dockerd --log-opt max-size=-1" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "log-opts": { "max-size": "10m", "max-file": "3" } }\n' },
      { syntax: "dockerd", text: "dockerd --log-driver local" },
    ],
  },
  check: { engine: dockerOnly(judge) },
  remedy: {
    engine({ logOptions }) {
      const maxSize = { name: "max-size", value: "10m" };
      const maxFile = { name: "max-file", value: "3" };
      const options = setItems(logOptions).map(({ value }) => value);
      const unlimited = options.filter(({ name }) => name === "max-size");
      return {
        kind: "safe",
        summary:
          "Rotate the logs of every container; those that exist already keep their old setting until they are made anew.",
        patches: [
          ...unlimited.map((value) => ({ op: "remove", field: "logOptions", value }) as const),
          { op: "add", field: "logOptions", value: maxSize },
          ...(options.some(({ name }) => name === "max-file")
            ? []
            : [{ op: "add", field: "logOptions", value: maxFile } as const]),
        ],
      };
    },
  },
};

function judge({ logDriver, logOptions }: Engine): Verdict {
  if (isOpen(logDriver)) return unknownFact(logDriver);
  const driver = valueOr(logDriver, "json-file");
  if (driver === "local") return pass("local");
  if (driver !== "json-file") return notApplicable(`the log driver ${driver} keeps no log file to limit`);
  const size = setItems(logOptions).findLast(({ value }) => value.name === "max-size");
  if (size && !isUnlimited(size.value.value)) return pass(`max-size ${size.value.value}`);
  const open = firstOpen(logOptions);
  if (open) return unknownFact(open);
  const said = size ? `has max-size ${size.value.value}` : "has no max-size";
  return fail(
    `keeps container logs in json-file, which ${said}: one container that prints enough fills the disk for all`,
    {
      origins: size?.origins ?? (logDriver.state === "set" ? logDriver.origins : []),
      evidence: "max-size",
      observed: "no max-size",
    },
  );
}

/** -1 is the documented default, no limit. The driver refuses it and 0 when a container starts (moby: jsonfilelog). */
function isUnlimited(size: string): boolean {
  return /^(?:-.*|0+\s*[kmg]?b?|)$/i.test(size.trim());
}
