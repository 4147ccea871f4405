import type { Container } from "../../model/container.ts";
import type { NameValue } from "../../model/container-values.ts";
import { type FactList, isOpen, setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { fail, notApplicable, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { undecided } from "../undecided.ts";

export const logLimit: Control = {
  id: "log-limit",
  title: "The log may fill the disk",
  why: "The json-file driver, Docker's default, keeps everything that a container writes to its output, in one file that is never cut. A noisy error loop fills the disk that all containers and the Engine's own state are on. max-size cuts the file, max-file says how many are kept; the local driver does both by itself.",
  row: "2.3",
  severity: "low",
  guard: "harden",
  cis: [],
  attack: ["T1499.001"],
  cwe: [770, 779],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/logging/drivers/json-file/",
    "https://docs.docker.com/engine/logging/configure/",
    "https://docs.docker.com/reference/compose-file/services/#logging",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --log-driver json-file nginx" },
      { syntax: "run", text: "docker run --log-driver json-file --log-opt max-file=3 nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    logging:\n      driver: json-file\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --log-opt max-size=10m --log-opt max-file=3 nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    logging:\n      driver: local\n" },
    ],
  },
  check: { container: judge },
  remedy: {
    container(container) {
      const driver: readonly ContainerPatch[] =
        container.logDriver.state === "set" ? [] : [{ op: "set", field: "logDriver", value: "json-file" }];
      return {
        kind: "safe",
        summary: "Keep three log files of 10 MB: max-size=10m, max-file=3.",
        patches: [
          ...driver,
          ...option(container.logOptions, "max-size", "10m"),
          ...(named(container.logOptions, "max-file") ? [] : option(container.logOptions, "max-file", "3")),
        ],
      };
    },
  },
};

function judge(container: Container, { engine }: Context): Verdict {
  const { logDriver, logOptions, job } = container;
  if (job !== undefined) return notApplicable(`${job.why}: its log goes with it`);
  if (isOpen(logDriver)) return unknownFact(logDriver);
  // Which drivers take max-size: those that write files. Others refuse to start with it.
  if (isLimited(logOptions)) return pass("max-size");
  const asked = valueOr(logDriver, "");
  const driver = asked !== "" ? asked : (engineDriver(engine) ?? "");
  if (driver === "") return unknown("no log driver is set, and the engine's default is not known here");
  if (driver === "none" || driver === "local") return pass(`the ${driver} driver`);
  if (driver !== "json-file") return notApplicable(`the ${driver} driver writes no file of the Engine's`);
  const open = undecided(...logOptions);
  if (open) return open;
  // The Engine's options hold for its own driver, and an inspect document has them already.
  const inherits = container.level === "declared" && engine && engineDriver(engine) === "json-file";
  if (inherits && isLimited(engine.logOptions)) return pass("max-size by the engine's default");
  const size = named(logOptions, "max-size");
  return fail(
    size
      ? `sets max-size=${size.value.value}, which is none: what it prints may fill the host's disk`
      : "logs to json-file without max-size: what it prints may fill the host's disk",
    {
      origins: size?.origins ?? (logDriver.state === "set" ? logDriver.origins : []),
      observed: "no max-size",
    },
  );
}

/** json-file where neither daemon.json nor the Engine names one (https://docs.docker.com/engine/logging/configure/). */
function engineDriver(engine: Context["engine"]): string | undefined {
  if (!engine || isOpen(engine.logDriver)) return undefined;
  return valueOr(engine.logDriver, "json-file");
}

function isLimited(options: FactList<NameValue>): boolean {
  const size = named(options, "max-size")?.value.value.trim();
  return size !== undefined && size !== "" && !size.startsWith("-") && !/^0+[a-z]*$/i.test(size);
}

function named(options: FactList<NameValue>, name: string) {
  return setItems(options).find((option) => option.value.name === name);
}

function option(options: FactList<NameValue>, name: string, value: string): readonly ContainerPatch[] {
  const present = named(options, name)?.value;
  return present
    ? [{ op: "replace", field: "logOptions", value: present, with: { name, value } }]
    : [{ op: "add", field: "logOptions", value: { name, value } }];
}
