import type { HostProgram } from "../../model/exec.ts";
import type { Origin } from "../../model/origin.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeFact } from "../facts.ts";

export const hostProgram: Control = {
  id: "host-program",
  title: "docker compose runs a program on the host",
  why: "A service with `provider:` has no container. docker compose runs a program instead, on the host and as the user who calls it: a Docker CLI plugin `docker-TYPE`, or a program of that name or path. No limit, profile or namespace of Docker holds for it. Anyone who may change the Compose file, or puts a program of that name in the PATH, runs what they like at the next `docker compose up`. `runtime_flags` of a model are flags of the server that Docker Model Runner starts.",
  row: undefined,
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1059", "T1195.002"],
  cwe: [426, 250],
  where: ["F"],
  references: [
    "https://docs.docker.com/compose/how-tos/provider-services/",
    "https://docs.docker.com/reference/compose-file/services/#provider",
    "https://docs.docker.com/reference/compose-file/models/",
    "https://github.com/docker/compose/blob/main/docs/extension.md",
  ],
  examples: {
    bad: [
      {
        syntax: "compose",
        text: "services:\n  db:\n    provider:\n      type: ./tools/database.sh\n      options:\n        size: small\n",
      },
      { syntax: "compose", text: "services:\n  tunnel:\n    provider:\n      type: telepresence\n" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    models: [m]\nmodels:\n  m:\n    model: ai/model\n    runtime_flags: [--trust-remote-code]\n",
      },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    models: [m]\nmodels:\n  m:\n    model: ai/model\n    runtime_flags: [--temp, '0.1']\n",
      },
      {
        syntax: "compose",
        text: "services:\n  web:\n    provider:\n      type: model\n      options:\n        model: ai/model\n",
      },
    ],
  },
  check: {
    exec: ({ level, hostProgram: program }) =>
      level === "declared"
        ? judgeFact(program, (value, origins) =>
            value ? judge(value, origins) : notApplicable("it runs in a container"),
          )
        : notApplicable("it runs in a container"),
  },
  remedy: {
    exec: () =>
      manual(
        "Run the service in a container, or install the provider from a package and read what it does. Keep the Compose file where only you can change it.",
      ),
  },
};

/** Flags by which the server of a model runs code of the model, or listens for others (llama.cpp, vLLM). */
const openFlags: Readonly<Record<string, string>> = {
  "--trust-remote-code": "the server runs code that comes with the model",
  "--host": "the server listens at an address of the file's choice",
};

function judge({ kind, name, flags }: HostProgram, origins: readonly Origin[]): Verdict {
  if (kind === "model") {
    const found = flags.flatMap((flag) => flag.split("=")[0] ?? []).filter((flag) => openFlags[flag]);
    return combine(
      found.map((flag) =>
        fail(`gives the model ${name} the flag ${flag}: ${openFlags[flag]}`, {
          origins,
          evidence: flag,
          observed: flag,
        }),
      ),
      pass("no flag that opens the server"),
    );
  }
  // Docker's own, which serves a model.
  if (name === "model") return pass("Docker Model Runner");
  const isPath = name.includes("/");
  return fail(
    isPath
      ? `makes docker compose run ${name} on the host: anyone who may change that file runs programs as you`
      : `makes docker compose run the program ${name} of the host: no container holds it`,
    { origins, severity: isPath ? "high" : "medium", evidence: `provider ${name}`, observed: name },
  );
}
