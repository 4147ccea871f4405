import type { Container } from "../../model/container.ts";
import type { EnvironmentVariable } from "../../model/container-values.ts";
import { originsOf, type SetFact, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual, type Remedy } from "../control.ts";
import { undecided } from "../undecided.ts";
import { credentialIn, isCredentialName } from "./credential.ts";
import { credentialsInCommand } from "./credentials-in-command.ts";

const fine = pass("no literal credential");

const inImage =
  "A credential in ENV or ARG is in the image: everyone who may pull it reads it with `docker history` or `docker inspect`, and a later layer does not take it back. A build argument that names a credential invites passing one, and what is passed stays in the history too.";
const inContainer =
  "Everyone who may read the file, the shell's history or `docker inspect` of the container reads the credential too. Whoever read it once has it until it is changed.";

export const imageSecret: Control = {
  id: "image-secret",
  title: "A credential is written out",
  why: `${inImage} A credential in a Compose file or a \`docker run\` line is written out as well. ${inContainer}`,
  whyFor: { image: inImage, container: inContainer },
  row: undefined,
  severity: "high",
  cis: ["4.10"],
  where: ["D", "F", "A"],
  references: [
    "https://docs.docker.com/build/building/secrets/",
    "https://docs.docker.com/compose/how-tos/use-secrets/",
    "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nENV DB_PASSWORD=hunter2\n" },
      { syntax: "dockerfile", text: "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n" },
      { syntax: "run", text: "docker run -e POSTGRES_PASSWORD=changeme postgres" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: web:1\n    environment:\n      DATABASE_URL: postgres://app:hunter2@db/app\n      API_KEY: ${API_KEY:-0123456789abcdef}\n",
      },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM node:22\nRUN --mount=type=secret,id=npm npm ci\nENV TOKEN_TTL=3600\n",
      },
      {
        syntax: "compose",
        text: "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\n      API_KEY: ${API_KEY}\n",
      },
      { syntax: "run", text: "docker run -e POSTGRES_PASSWORD postgres" },
    ],
  },
  check: { image: judgeImage, container: judgeContainer },
  remedy: {
    image: () =>
      manual(
        "Take it out and change it, for it is in the history: in the build use RUN --mount=type=secret, at run time a file (NAME_FILE, secrets:) or the environment of whoever runs it.",
      ),
    container(container, { source }): Remedy<ContainerPatch> {
      // Only docker compose reads a .env by itself.
      if (source !== "compose") {
        return manual(
          "Move it to a file of --env-file, or to a secret of the Engine. Change it, since others have read it.",
        );
      }
      return {
        kind: "decision",
        summary:
          "Move it to .env beside the file, which docker compose reads (or mount it with secrets:). Change it, since others have read it.",
        patches: literals(container).map(({ value }) => ({
          op: "replace",
          field: "environment",
          value,
          with: { name: value.name, value: undefined },
        })),
        breaks:
          "Whoever copies the Compose file to another machine must copy .env too: without it the variable is empty.",
      };
    },
  },
};

function judgeContainer(container: Container): Verdict {
  if (container.level === "configured") return judgeRunning(container);
  const parts = literals(container).map((item) => judgeLiteral(item, "the environment variable"));
  return combine([...parts, undecided(...container.environment) ?? fine]);
}

/**
 * A container's own variables. Nothing tells whether somebody wrote the value into a file or passed it safely, so what
 * counts is that whoever inspects the container reads it. What its image sets is the image's finding.
 */
function judgeRunning({ environment }: Container): Verdict {
  const parts = setItems(environment)
    .filter(
      ({ value: { name, value, isFromImage } }) =>
        !isFromImage && credentialIn(name, value ?? "") !== undefined,
    )
    .map(({ value: { name }, origins }) =>
      fail(
        `has a credential in its environment variable ${name}: everyone who may run docker inspect, and every process in the container, reads it`,
        { origins, evidence: name, severity: "low", observed: name },
      ),
    );
  return combine([...parts, undecided(...environment) ?? fine]);
}

/** The variables whose credential is written in the file itself: one in an env file is kept apart, as it should be. */
function literals(container: Container): readonly SetFact<EnvironmentVariable>[] {
  const files = new Set(
    [container.image, container.build]
      .flatMap(originsOf)
      .filter(isFileOrigin)
      .map(({ file }) => file),
  );
  return setItems(container.environment).filter(({ value: { name, value }, origins }) => {
    const isApart = origins
      .filter(isFileOrigin)
      .some(({ file }) => !files.has(file) && !/\.ya?ml$/i.test(file));
    return value !== undefined && !isApart && credentialIn(name, value) !== undefined;
  });
}

function judgeImage({ environment, buildArguments, history, level }: Image): Verdict {
  const parts = [
    ...setItems(environment).map((item) => judgeVariable(item, "ENV")),
    ...setItems(buildArguments).map((item) => judgeVariable(item, "ARG", (name) => usedIn(history, name))),
    ...(level === "configured" ? judgeHistory({ environment, history }) : []),
  ];
  // The history of a built image shows the arguments that its build used.
  const open = level === "configured" ? [] : buildArguments;
  return combine([...parts, undecided(...environment, ...open, ...history) ?? fine]);
}

/** The layers' commands, but for what the image's environment shows already. */
function judgeHistory({ environment, history }: Pick<Image, "environment" | "history">): readonly Verdict[] {
  const shown = new Set(setItems(environment).map(({ value }) => value.name));
  return setItems(history).flatMap(({ value, origins }) =>
    credentialsInCommand(value)
      .filter((name) => !shown.has(name))
      .map((name) =>
        fail(
          `shows a credential in its history (${name}): everyone who may pull the image reads it with docker history`,
          { origins, evidence: name, observed: name },
        ),
      ),
  );
}

/** Whether a RUN uses the variable: what is passed for it is in that layer's history then. */
function usedIn(history: Image["history"], name: string): boolean {
  const use = new RegExp(`\\$\\{?${name.replace(/[^\w]/g, "")}\\b`);
  return setItems(history).some(({ value }) => /^RUN\b/i.test(value) && use.test(value));
}

function judgeVariable(
  item: SetFact<EnvironmentVariable>,
  keyword: "ENV" | "ARG",
  isUsedInRun: (name: string) => boolean = () => false,
): Verdict {
  const { name, value } = item.value;
  if (value !== undefined && credentialIn(name, value) !== undefined) return judgeLiteral(item, keyword);
  if (keyword === "ENV" || (value !== undefined && value !== "") || !isCredentialName(name)) return fine;
  const isUsed = isUsedInRun(name);
  const how = isUsed ? "hands the build argument" : "takes";
  const to = isUsed ? "to RUN" : "as a build argument";
  return fail(`${how} ${name} ${to}: what is passed for it stays in the image's history`, {
    origins: item.origins,
    severity: isUsed ? "medium" : "info",
    evidence: name,
    observed: name,
  });
}

/** Names the variable, never its value. */
function judgeLiteral(
  { value: { name, value }, origins }: SetFact<EnvironmentVariable>,
  what: string,
): Verdict {
  const how =
    credentialIn(name, value ?? "") === "value"
      ? `the value of ${what} ${name} holds a credential`
      : `${what} ${name} is set to a literal credential`;
  const reader =
    what === "ENV" || what === "ARG" ? "Dockerfile or has the image" : "file or inspects the container";
  return fail(`${how}: whoever reads the ${reader} has it`, { origins, evidence: name, observed: name });
}
