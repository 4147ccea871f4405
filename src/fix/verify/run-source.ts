import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileOf, type Input } from "../../audit/inputs/inputs.ts";
import { isRecord, type JsonObject, recordAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type PlainCommand, plainCommands } from "../../formats/run-command/plain.ts";
import { scriptHostOf } from "../../formats/run-command/script-host.ts";
import { type ComposeDocument, resolveCompose } from "../../trial/compose-config.ts";
import { createRequestOf } from "../../trial/create-request.ts";
import { composeProjectOf } from "../live/compose-service.ts";
import type { CreateBody } from "../live/create-body.ts";
import type { Planned } from "../write-plans.ts";
import { type PlannedStep, refusedBy, type SourceContext, type TrialSource, textsWith } from "./source.ts";

/** An input that holds `docker run` lines. */
export interface RunInput extends Input {
  readonly format: "run-line" | "script";
}

/**
 * One `docker run` line: the docker CLI itself says what it would ask an Engine to create, and that is tried as a Compose
 * project of one service.
 */
export function runSource(input: RunInput, plan: Planned, context: SourceContext): TrialSource {
  return {
    plans: [plan],
    serviceOf: serviceName,
    refused: () => refusedBy([plan], context),
    document: (steps) => documentWith(input, plan, steps, context),
  };
}

export function isRunInput(input: Input | undefined): input is RunInput {
  return input?.format === "run-line" || input?.format === "script";
}

/** The create request of the line as it is. */
export async function runBody(
  input: RunInput,
  plan: Planned,
  steps: readonly PlannedStep[],
  context: SourceContext,
): Promise<Result<RunBody>> {
  const { io, scratch, signal } = context;
  const texts = await textsWith([plan], steps, context);
  if (!texts.ok) return texts;
  const file = fileOf(input);
  const host = input.format === "script" ? (scriptHostOf(file) ?? "shell") : "line";
  const commandsIn = (read: typeof io) => {
    const text = read.read(file);
    return text.ok ? plainCommands({ text: text.value, file, host, io: read }) : [];
  };
  // An id may hold a line's number, which the edits before it move.
  const at = commandsIn(io).findIndex(([id]) => id === plan.readAs);
  const command = commandsIn(texts.value.io)[at]?.[1] ?? failed("the command is not in the file any more");
  if (!command.ok) return command;
  const { words, seccomp } = wordsFor(command.value);
  const { folder, environment } = command.value;
  const body = await createRequestOf({ words, folder, environment, signal }, scratch);
  return body.ok ? ok({ body: { body: body.value, networks: [] }, folder, seccomp }) : body;
}

interface RunBody {
  readonly body: CreateBody;
  readonly folder: string;
  /** The path of its seccomp profile, which need not be there yet. */
  readonly seccomp: string | undefined;
}

/** What matters to the docker CLI alone, and not to the container. */
const ofTheCli = new Set(["detach", "attach", "sig-proxy", "detach-keys", "cidfile", "pull", "quiet"]);

function wordsFor({ flags, rest, folder }: PlainCommand) {
  let seccomp: string | undefined;
  const words = flags.flatMap(([name, value]) => {
    if (ofTheCli.has(name)) return [];
    const path = name === "security-opt" ? /^seccomp[=:](.+)$/.exec(value ?? "")?.[1] : undefined;
    if (path !== undefined && !["unconfined", "builtin"].includes(path)) {
      seccomp = resolve(folder, path);
      return [];
    }
    return value === undefined ? [`--${name}`] : [`--${name}=${value}`];
  });
  return { words: ["--detach", "--pull=never", ...words, "--", ...rest], seccomp };
}

async function documentWith(
  input: RunInput,
  plan: Planned,
  steps: readonly PlannedStep[],
  context: SourceContext,
): Promise<Result<ComposeDocument>> {
  const { docker, scratch, signal } = context;
  const asked = await runBody(input, plan, steps, context);
  if (!asked.ok) return asked;
  const { body, folder, seccomp } = asked.value;
  const name = serviceName(plan);
  const { project } = composeProjectOf(body, name, { values: true });
  const path = join(scratch.make("run"), "compose.json");
  const services = { [name]: completed(recordAt(project, "services", name), body.body, seccomp) };
  writeFileSync(path, JSON.stringify({ ...project, name: "bulkhead-run", services }), { mode: 0o600 });
  const none = { profiles: [], envFiles: [], instead: new Map() };
  return await resolveCompose(docker, { ...none, files: [path], folder, signal });
}

/** What a container that is there shows otherwise: its volumes without a name, and where its seccomp profile came from. */
function completed(service: JsonObject, { Volumes }: JsonObject, seccomp: string | undefined): JsonObject {
  const nameless = isRecord(Volumes) ? Object.keys(Volumes) : [];
  const volumes = Array.isArray(service.volumes) ? service.volumes : [];
  const options = textsOf(service.security_opt);
  return {
    ...service,
    ...(volumes.length + nameless.length > 0 && { volumes: [...volumes, ...nameless] }),
    ...(seccomp !== undefined && {
      security_opt: [...options, `seccomp=${seccomp.replaceAll("$", "$$$$")}`],
    }),
  };
}

/** A name that Compose takes. */
function serviceName({ subject }: Planned): string {
  return subject.name.replaceAll(/[^\w.-]/g, "-");
}
