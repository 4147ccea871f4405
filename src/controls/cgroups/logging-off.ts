import { isOpen } from "../../model/fact.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";

export const loggingOff: Control = {
  id: "logging-off",
  title: "The container keeps no log",
  why: "With the driver none what the container prints is thrown away: after a break-in or a crash there is nothing to look at, and `docker logs` fails.",
  row: undefined,
  severity: "medium",
  guard: "byName",
  cis: [],
  attack: ["T1562.001"],
  cwe: [778],
  where: ["F", "A"],
  references: ["https://docs.docker.com/engine/logging/configure/#supported-logging-drivers"],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --log-driver none nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    logging:\n      driver: none\n",
      },
    ],
    good: [{ syntax: "run", text: "docker run --log-driver local nginx" }],
  },
  check: {
    container({ logDriver }) {
      if (isOpen(logDriver)) return unknownFact(logDriver);
      if (logDriver.state !== "set" || logDriver.value !== "none") return pass("a log driver");
      return fail("keeps no log (driver none): after a break-in or a crash there is nothing to look at", {
        origins: logDriver.origins,
        evidence: "none",
        observed: "none",
      });
    },
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Log with the driver local, which rotates by itself.",
      patches: [{ op: "set", field: "logDriver", value: "local" }],
      breaks: "The log takes up to 100 MB of disk (five files of 20 MB).",
    }),
  },
};
