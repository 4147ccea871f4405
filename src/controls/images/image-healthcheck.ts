import type { Healthcheck } from "../../model/container-values.ts";
import type { Fact } from "../../model/fact.ts";
import type { Level } from "../../model/level.ts";
import { fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";

export const imageHealthcheck: Control = {
  id: "image-healthcheck",
  title: "No health check",
  why: "Docker knows whether a process runs, not whether it answers. Without a health check a server that hangs, or that an attack has brought down behind its open port, counts as fine: nothing restarts it and nobody is told.",
  row: undefined,
  severity: "info",
  cis: ["4.6"],
  where: ["D", "A"],
  references: [
    "https://docs.docker.com/reference/dockerfile/#healthcheck",
    "https://docs.docker.com/reference/compose-file/services/#healthcheck",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: 'FROM nginx:1.27\nCMD ["nginx"]\n' },
      { syntax: "dockerfile", text: "FROM nginx:1.27\nHEALTHCHECK NONE\n" },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM nginx:1.27\nHEALTHCHECK --interval=30s CMD curl -fsS http://localhost/ || exit 1\n",
      },
    ],
  },
  check: {
    image: ({ healthcheck, level }) => judge(healthcheck, level),
  },
  remedy: { image: advise },
};

function judge(healthcheck: Fact<Healthcheck>, level: Level): Verdict {
  if (healthcheck.state === "unresolved") return unknown(healthcheck.reason, healthcheck.origins);
  if (healthcheck.state === "set" && healthcheck.value === "command") return pass("a health check");
  const hope = level === "declared" ? ", unless its base has one" : "";
  return healthcheck.state === "set"
    ? fail("turns its health check off: a server that hangs counts as fine", {
        origins: healthcheck.origins,
        observed: "NONE",
      })
    : fail(`has no health check${hope}: a server that hangs counts as fine`, { observed: "none" });
}

function advise() {
  return manual(
    "Add a HEALTHCHECK (or healthcheck: in Compose, --health-cmd) that asks the server for what it is there for.",
  );
}
