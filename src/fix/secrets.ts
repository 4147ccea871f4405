import { dirname, join } from "node:path";
import ignore from "ignore";
import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import type { Input } from "../audit/inputs/inputs.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { parseEnvFile } from "../formats/compose/load/dotenv.ts";
import { setItems } from "../model/fact.ts";
import { type FileOrigin, isFileOrigin } from "../model/origin.ts";
import type { Patch } from "../model/patch.ts";
import type { Subject } from "../model/subject.ts";
import type { ChangedTexts } from "./changed-texts.ts";
import type { Step } from "./plan/step.ts";
import type { Planned, RefusedStep } from "./write-plans.ts";

/** A value that leaves a Compose file: docker compose takes it from the project's `.env` instead. */
interface Move {
  readonly file: string;
  readonly name: string;
  readonly value: string;
}

export interface SecretMoves {
  /** The plans without the steps whose secrets cannot be moved. */
  readonly plans: readonly Planned[];
  readonly refused: ReadonlyMap<string, readonly RefusedStep[]>;
  /** Writes the secrets of these steps into the `.env` files, and these into the `.gitignore` beside them. */
  readonly make: (made: ReadonlySet<Step>, texts: ChangedTexts) => void;
}

/**
 * Sees to it that a secret is moved, never deleted: what a step takes out of a Compose file goes into `.env` beside it.
 * A step whose value cannot go there is refused. `elsewhere` says why `.env` is not to be written at all.
 */
export function moveSecrets(
  plans: readonly Planned[],
  io: DiskFiles,
  elsewhere: string | undefined,
): SecretMoves {
  const moves = new Map<Step, readonly Move[]>();
  const refused = new Map<string, RefusedStep[]>();
  const taken = new Map<string, Map<string, string>>();
  const kept = plans.map((plan) => {
    const steps = plan.steps.filter((step) => {
      const names = step.patches.flatMap(nameTakenOut);
      if (names.length === 0) return true;
      const found = elsewhere === undefined ? movesOf(names, plan, io, taken) : failed(elsewhere);
      if (found.ok) {
        moves.set(step, found.value);
        return true;
      }
      const own = refused.get(plan.subject.id) ?? [];
      refused.set(plan.subject.id, [...own, { step, reason: found.reason }]);
      return false;
    });
    return steps.length === plan.steps.length ? plan : { ...plan, steps };
  });
  return {
    plans: kept,
    refused,
    make(made, texts) {
      const all = [...made].flatMap((step) => moves.get(step) ?? []);
      for (const file of new Set(all.map((move) => move.file))) {
        write(
          file,
          all.filter((move) => move.file === file),
          texts,
        );
      }
    },
  };
}

/** The variable whose value the patch takes out. */
function nameTakenOut(patch: Patch): readonly string[] {
  if (patch.op !== "replace" || patch.field !== "environment") return [];
  const { value, with: after } = patch;
  return "name" in value && "name" in after && after.value === undefined && value.value !== undefined
    ? [value.name]
    : [];
}

function movesOf(
  names: readonly string[],
  { subject, input }: Planned,
  io: DiskFiles,
  taken: Map<string, Map<string, string>>,
): Result<readonly Move[]> {
  const file = envFileOf(input);
  if (file === undefined) return failed("only a Compose project has a .env to move it to");
  const there = valuesIn(file, io);
  if (!there.ok) return there;
  const own = taken.get(file) ?? new Map(there.value);
  taken.set(file, own);
  const moves: Move[] = [];
  for (const name of names) {
    const variable = variableOf(subject, name);
    if (variable === undefined) return failed(`the value of ${name} is not known`);
    const { value, origins } = variable;
    if (origins.some((origin) => /\$(?!\$)/.test(textAt(origin, io).replaceAll("$$", "")))) {
      return failed(`${name} is built from other variables: move their default to .env by hand`);
    }
    if (/[\r\n]/.test(value)) return failed(`${name} has several lines: move it to a file, with secrets:`);
    const before = own.get(name);
    if (before !== undefined && before !== value) {
      return failed(`${file} has another value for ${name}: give one of the two another name`);
    }
    if (before === undefined) moves.push({ file, name, value });
    own.set(name, value);
  }
  return ok(moves);
}

function envFileOf(input: Input | undefined): string | undefined {
  const first = input?.format === "compose" ? input.files[0] : undefined;
  return first === undefined ? undefined : join(dirname(first), ".env");
}

function valuesIn(file: string, io: DiskFiles): Result<ReadonlyMap<string, string>> {
  if (!io.exists(file)) return ok(new Map());
  const text = io.read(file);
  if (!text.ok) return failed(`${file} cannot be read: ${text.reason}`);
  const lines = parseEnvFile(text.value, () => undefined);
  if (!lines.ok) return failed(`${file} cannot be read: ${lines.reason}`);
  return ok(new Map(lines.value.filter(({ tooLong }) => !tooLong).map((line) => [line.name, line.text])));
}

function variableOf(
  subject: Subject,
  name: string,
): { readonly value: string; readonly origins: readonly FileOrigin[] } | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  const item = view && setItems(view.environment).findLast(({ value }) => value.name === name);
  if (item?.value.value === undefined) return undefined;
  return { value: item.value.value, origins: item.origins.filter(isFileOrigin) };
}

function textAt(origin: FileOrigin, io: DiskFiles): string {
  const text = io.read(origin.file);
  if (!text.ok) return "";
  const lines = text.value.split("\n").slice(origin.startLine - 1, origin.endLine);
  return lines
    .map((line, index) => {
      const end = index === lines.length - 1 ? origin.endColumn - 1 : line.length;
      return line.slice(index === 0 ? origin.startColumn - 1 : 0, end);
    })
    .join("\n");
}

/** Only its owner reads a new one. */
const privateMode = 0o600;

function write(file: string, moves: readonly Move[], texts: ChangedTexts): void {
  if (moves.length > 0) {
    const secrets = moves.map(({ value }) => quoted(value));
    texts.append(file, moves.map(({ name }, index) => `${name}=${secrets[index]}\n`).join(""), {
      mode: privateMode,
      secrets,
    });
  }
  const list = join(dirname(file), ".gitignore");
  const text = texts.io.exists(list) ? texts.io.read(list) : undefined;
  if (!text?.ok || ignore().add(text.value).ignores(".env")) return;
  texts.append(list, "# Has secrets.\n.env\n", { mode: 0o666, secrets: [] });
}

/** As docker compose reads it: single quotes are literal; a value with some takes double quotes and escapes. */
function quoted(value: string): string {
  if (/^[\w./:@%+,=-]+$/.test(value)) return value;
  return value.includes("'") ? `"${value.replace(/[\\"$]/g, "\\$&")}"` : `'${value}'`;
}
