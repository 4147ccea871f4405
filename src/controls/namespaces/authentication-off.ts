import { commandsOfWords, shellCommands } from "../../base/shell.ts";
import type { Container } from "../../model/container.ts";
import type { EnvironmentVariable } from "../../model/container-values.ts";
import { type FactList, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { Severity } from "../../model/severity.ts";
import { combine, fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { undecided } from "../undecided.ts";
import { type Opening, openArguments, openVariables } from "./authentication-settings.ts";

export const authenticationOff: Control = {
  id: "authentication-off",
  title: "A server is told to ask for no password",
  why: "Without a password everyone who reaches the server's port is its administrator: other containers of its networks, programs on the host, and the network where the port is published. Many such servers run programs or write files when told to, so the data is not all that is lost.",
  row: undefined,
  severity: "high",
  guard: "byName",
  cis: [],
  attack: ["T1190", "T1078.001"],
  cwe: [306, 1188],
  where: ["F", "D", "A"],
  references: [
    "https://hub.docker.com/_/postgres",
    "https://redis.io/docs/latest/operate/oss_and_stack/management/security/",
    "https://doc.traefik.io/traefik/operations/api/#insecure",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -e POSTGRES_HOST_AUTH_METHOD=trust postgres:17" },
      { syntax: "run", text: "docker run traefik:3.1 --api.insecure=true" },
      {
        syntax: "compose",
        text: "services:\n  search:\n    image: elasticsearch:8.15.0\n    environment:\n      xpack.security.enabled: 'false'\n",
      },
      { syntax: "dockerfile", text: 'FROM node:22\nCMD ["node", "--inspect=0.0.0.0:9229", "app.js"]\n' },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\n",
      },
      { syntax: "run", text: "docker run traefik:3.1 --providers.docker" },
    ],
  },
  check: {
    container: (container) => judge(container, severityFor(container)),
    image: (image) => judge(image),
  },
  remedy: { container: advise, image: advise },
};

type Started = Pick<Container | Image, "environment" | "entrypoint" | "command">;

/** A server of one CI job holds nothing and ends with it. */
function severityFor({ job }: Container): Severity | undefined {
  return job?.isOfCi ? "low" : undefined;
}

function judge(started: Started, severity?: Severity): Verdict {
  return combine([
    ...byVariables(started.environment, severity),
    ...byCommand(started, severity),
    undecided(...started.environment, ...started.entrypoint, ...started.command) ?? pass(),
  ]);
}

function byVariables(environment: FactList<EnvironmentVariable>, severity: Severity | undefined) {
  return setItems(environment).flatMap(({ value: { name, value }, origins }) => {
    const opening = value === undefined ? undefined : openVariables(name, value);
    if (!opening) return [];
    return [fail(say(opening), { origins, severity, evidence: opening.said, observed: opening.said })];
  });
}

function byCommand({ entrypoint, command }: Started, severity: Severity | undefined) {
  const words = [...setItems(entrypoint), ...setItems(command)];
  const text = words.map(({ value }) => value);
  const script = text.find((_, index) => index > 0 && /^-\w*c$/.test(text[index - 1] ?? ""));
  const commands = [...commandsOfWords(text), ...(script === undefined ? [] : shellCommands(script))];
  const found = new Map(
    commands.flatMap((each) => openArguments(each.words)).map((opening) => [opening.said, opening]),
  );
  return [...found.values()].map((opening) => {
    const at =
      words.find(({ value }) => value.includes(opening.said.split(/[ =]/)[0] ?? opening.said)) ?? words[0];
    return fail(say(opening), {
      origins: at?.origins ?? [],
      severity,
      evidence: opening.said,
      observed: opening.said,
    });
  });
}

function say({ said, server, can }: Opening): string {
  return `sets ${said}: everyone who reaches ${server} ${can}, without a password`;
}

function advise() {
  return manual(
    "Remove the setting and give the server a password (a secret, or its *_FILE variable). A debugger belongs on 127.0.0.1.",
  );
}
