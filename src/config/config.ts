import { dirname, relative, resolve } from "node:path";
import ignoreFiles from "ignore";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, type Range } from "yaml";
import type * as z from "zod/mini";
import type { Ignore } from "../audit/ignores.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { didYouMean } from "../base/suggest.ts";
import { syntaxReason } from "../formats/compose/yaml/syntax-reason.ts";
import { projectOf } from "../model/container.ts";
import { exempts, type ScopedFinding } from "../model/exemption.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../model/origin.ts";
import type { Files } from "../model/reading.ts";
import type { Subject } from "../model/subject.ts";
import { outputTypes } from "../watch/outputs/destinations.ts";
import { type Config, configSchema } from "./schema.ts";

export type { Config } from "./schema.ts";

export interface ConfigFault {
  readonly reason: string;
  readonly location: FileOrigin | undefined;
}

/** Reads a configuration. Everything wrong with it is told, each with its place. */
export function readConfig(
  path: string,
  io: Files,
): Result<Config> | { readonly ok: false; readonly faults: readonly ConfigFault[] } {
  const text = io.read(path);
  if (!text.ok) return failed(text.reason);
  const lines = new LineCounter();
  const document = parseDocument(text.value, { lineCounter: lines, logLevel: "silent" });
  const place = (from: number, to: number): FileOrigin => ({
    file: path,
    startLine: lines.linePos(from).line,
    startColumn: lines.linePos(from).col,
    endLine: lines.linePos(to).line,
    endColumn: lines.linePos(to).col,
  });
  const broken = document.errors.map((error) => ({
    reason: syntaxReason(error),
    location: place(error.pos[0], error.pos[1]),
  }));
  if (broken.length > 0) return { ok: false, faults: broken };
  const value = plainValue(document);
  if (!value.ok) return { ok: false, faults: [{ reason: value.reason, location: undefined }] };
  const parsed = configSchema.safeParse(value.value ?? {});
  if (parsed.success) return ok(parsed.data);
  const faults = parsed.error.issues.map((issue) => {
    const range = rangeOf(document, issue);
    const where = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
    return {
      reason: `${where}${inWords(issue, document.getIn(issue.path))}`,
      location: range ? place(range[0], range[1]) : undefined,
    };
  });
  return { ok: false, faults };
}

/** Aliases that unfold without end are refused, not unfolded. */
function plainValue(document: Document): Result<unknown> {
  try {
    return ok(document.toJS({ maxAliasCount: 50 }));
  } catch {
    return failed("its aliases unfold to too much");
  }
}

type Issue = z.core.$ZodIssue;

/** The key that is not known, or the value that is wrong. */
function rangeOf(document: Document, issue: Issue): Range | undefined {
  if (issue.code === "unrecognized_keys") {
    const holder = issue.path.length > 0 ? document.getIn(issue.path, true) : document.contents;
    const pair = isMap(holder)
      ? holder.items.find(({ key }) => isScalar(key) && key.value === issue.keys[0])
      : undefined;
    return pair && isNode(pair.key) ? (pair.key.range ?? undefined) : undefined;
  }
  const node = document.getIn(issue.path, true) ?? document.getIn(issue.path.slice(0, -1), true);
  return isNode(node) ? (node.range ?? undefined) : undefined;
}

/** How a secret is said. */
const secretWords = "{ env: NAME } or { file: PATH }, which says where it stands";

/** `value` is what stands there, where the issue is not within a union. */
function inWords(issue: Issue, value?: unknown): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `there is no key ${issue.keys.map((key) => `“${key}”${issue.path.length === 0 ? didYouMean(key, Object.keys(configSchema.shape)) : ""}`).join(", ")}`;
    case "invalid_value":
      if (issue.values.includes("NET_ADMIN")) return "is not a capability: NET_ADMIN is expected";
      return issue.values.length > 12
        ? `is not a control's id${meantBy(value, issue.values)}: bulkhead controls lists them`
        : `is not one of ${issue.values.join(", ")}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message;
    case "invalid_type":
      if (issue.path[0] === "watch" && /^(?:secret|token)$/.test(String(issue.path.at(-1))))
        return `${secretWords}, is expected`;
      return `${issue.expected === "string" ? "a text" : `a value of type ${issue.expected}`} is expected`;
    case "invalid_union":
      if (issue.discriminator !== undefined) return `is not one of ${outputTypes.join(", ")}`;
      if (issue.path[0] === "watch")
        return nearest(issue.errors, `an address is expected, or ${secretWords}`);
      return issue.path[0] === "guard"
        ? nearest(issue.errors, "has another type than expected: see docs/guard.md")
        : `is not a control's id${meantBy(value, idsIn(issue.errors))}, a list of them, or *: bulkhead controls lists them`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : issue.message;
    default:
      return issue.message;
  }
}

function meantBy(value: unknown, ids: readonly unknown[]): string {
  return typeof value === "string" ? didYouMean(value, ids.map(String)) : "";
}

function idsIn(branches: readonly (readonly Issue[])[]): readonly unknown[] {
  return branches.flat().flatMap((issue) => (issue.code === "invalid_value" ? issue.values : []));
}

/** The words of the branch that fits by its type; of several that do not, there is no telling which was meant. */
function nearest(branches: readonly (readonly Issue[])[], otherwise: string): string {
  const meant = branches.find(
    ([first]) => first && !(first.code === "invalid_type" && first.path.length === 0),
  );
  const word = meant?.find(({ code }) => code === "unrecognized_keys") ?? meant?.[0];
  return word ? inWords(word) : otherwise;
}

/** The configuration's ignores as rules. Files are matched relative to the folder of bulkhead.yaml. */
export function configIgnores(config: Config, path: string | undefined): readonly Ignore[] {
  const base = path === undefined ? process.cwd() : dirname(resolve(path));
  return (config.ignores ?? []).flatMap(({ control: controls, file, reason, until = null, ...limits }) =>
    [controls].flat().map((control): Ignore => {
      const covers = exempts({ ...limits, control });
      const isAbout = exempts({ subject: limits.subject, control: "*" });
      return {
        ...limits,
        control,
        file,
        suppression: { kind: "config", reason, until, ...(path && { at: path }) },
        at: { file: path },
        isAbout: (subject) =>
          isAbout({ control, ...namesOf(subject) }) && matchesFile(file, base, subject, []),
        matches: (where) =>
          covers({ control: where.control, ...namesOf(where.subject) }) &&
          matchesFile(file, base, where.subject, where.origins),
      };
    }),
  );
}

/** Only a container has an image and a project. */
function namesOf(subject: Subject): Omit<ScopedFinding, "control"> {
  const names = [subject.name, subject.id];
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (!view) return { names };
  return {
    names,
    image: view.image.state === "set" ? view.image.value : undefined,
    project: projectOf(view),
  };
}

function matchesFile(
  pattern: string | undefined,
  base: string,
  subject: Subject,
  origins: readonly Origin[],
): boolean {
  if (pattern === undefined) return true;
  const rules = ignoreFiles().add(pattern);
  const files = [...origins.filter(isFileOrigin), subject.location].flatMap((place) =>
    place ? [place.file] : [],
  );
  return files.some((file) => {
    const below = relative(base, resolve(file));
    return below !== "" && !below.startsWith("..") && rules.ignores(below);
  });
}
