import { container } from "../../model/container.ts";
import { credentialsInArguments } from "../../model/credentials/find.ts";
import { exec, type HostProgram } from "../../model/exec.ts";
import { type Fact, set, unresolved } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { isFileOrigin, type Origin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import type { ContainerSubject, ExecSubject, Subject } from "../../model/subject.ts";
import { checkProject, checkService, tooHeavy } from "./check/check.ts";
import { collectGaps, type Gaps, type Issue } from "./check/report.ts";
import { type ComposeRequest, loadProject, type Project } from "./load/project.ts";
import { readTopLevel, usesOf } from "./read/credentials.ts";
import { missingReason, type Scope, scalar } from "./read/facts.ts";
import { readService } from "./read/service.ts";
import { ignoredBySwarm, isSwarmStack } from "./read/swarm.ts";
import { entriesOf, get, isNull, itemsOf, type Node, originAt, originOf } from "./yaml/node.ts";

export type { ComposeRequest } from "./load/project.ts";

/** What was read, with the project for a writer that edits it. */
export interface ComposeReading extends Reading {
  /** Undefined where no file was given. */
  readonly project: Project | undefined;
}

/** How much more than what is written aliases may stand for; docker compose has like bounds. */
const aliasAllowance = 150_000;

/**
 * Reads the services of a Compose project as docker compose understands its files
 * (https://docs.docker.com/reference/compose-file/). What docker compose would refuse, or what could not be read, is a
 * gap, and everything else is read all the same. A value stands where it is written, in whatever file and behind
 * whatever alias.
 */
export function readCompose(request: ComposeRequest): ComposeReading {
  const [first] = request.files;
  if (first === undefined) return { subjects: [], gaps: [], secrets: [], project: undefined };
  const gaps = collectGaps();
  const project = loadProject(first, request, gaps);
  const subjects = readServices(first, project, request, gaps);
  const { secrets, values, model } = project;
  const notes = model ? notesOnSwarm(first, model) : [];
  return { subjects, gaps: gaps.all, notes, secrets, values: [...values], project };
}

function notesOnSwarm(first: string, model: Node): readonly Gap[] {
  const ignored = ignoredBySwarm(first, model);
  return ignored.map(({ service, key, place }) =>
    gap(`docker stack deploy ignores ${key} of ${service}; it is judged as docker compose runs it`, {
      location: originAt(place),
    }),
  );
}

function readServices(
  first: string,
  project: Project,
  request: ComposeRequest,
  gaps: Gaps,
): readonly Subject[] {
  const { model, lookup, secrets } = project;
  if (!model) {
    if (gaps.all.length === 0)
      gaps.about(first, "it holds no Compose file: docker compose refuses an empty one");
    return [];
  }
  const heaviest = project.size + aliasAllowance;
  const isWhole = !project.broken && !request.isPart;
  if (isWhole) checkProject(model, heaviest, gaps.at);
  const swarm = isSwarmStack(first, model);
  const containerNames = containerNamesOf(model);
  const subjects: ContainerSubject[] = [];
  const programs: Subject[] = readModels(first, get(model, "models"));
  let weight = 0;
  for (const entry of entriesOf(get(model, "services"))) {
    const { name, value } = entry;
    if (!isEnabled(value, request.profiles ?? [])) continue;
    const provider = get(value, "provider");
    if (provider) {
      programs.push(readProvider(first, name, provider));
      continue;
    }
    const id = `${first}#${name}`;
    const report = (issue: Issue) => gaps.at(issue, id);
    weight += value.weight;
    if (weight > heaviest) {
      report({ reason: tooHeavy, place: entry.key });
      continue;
    }
    if (isWhole) checkService(name, entry, model, report);
    const { base } = entry.key.source;
    const scope: Scope = {
      project: model,
      io: request.io,
      lookup,
      base,
      swarm,
      containerNames,
      report: isWhole ? report : () => {},
    };
    subjects.push({
      kind: "container",
      id,
      stableId: id,
      name,
      source: swarm ? "swarm" : "compose",
      location: originAt(entry.whole),
      views: [readService(value, scope, secrets)],
    });
  }
  return [...withTopLevel(subjects, model), ...programs];
}

/** What the project's other sections have written out belongs to the services that use it, or to the first one. */
function withTopLevel(subjects: readonly ContainerSubject[], model: Node): readonly ContainerSubject[] {
  const known = new Set(
    subjects
      .flatMap(({ views: [view] }) => [...(view?.environment ?? []), ...(view?.credentials ?? [])])
      .map(placeKey),
  );
  const sections = readTopLevel(model)
    .map((each) => ({ ...each, found: each.found.filter((one) => !known.has(placeKey(one))) }))
    .filter(({ found }) => found.length > 0);
  if (sections.length === 0) return subjects;
  const services = get(model, "services");
  const usedBy = (section: string, name: string) => {
    const users = subjects.filter((subject) => {
      const service = get(services, subject.name);
      return service && usesOf(service, section).has(name);
    });
    return users.length > 0 ? users : subjects.slice(0, 1);
  };
  return subjects.map((subject) => {
    const more = sections.flatMap(({ section, name, found }) =>
      usedBy(section, name).includes(subject) ? found : [],
    );
    return more.length === 0
      ? subject
      : {
          ...subject,
          views: subject.views.map((view) => ({ ...view, credentials: [...view.credentials, ...more] })),
        };
  });
}

function placeKey({ origins: [origin] }: { readonly origins: readonly Origin[] }): string {
  return origin && isFileOrigin(origin) ? `${origin.file}:${origin.startLine}` : "";
}

/** The services of the project by the names that their containers are given. */
function containerNamesOf(model: Project["model"]): ReadonlyMap<string, string> {
  const names = entriesOf(get(model, "services")).map(({ name, value }) => {
    const given = scalar(get(value, "container_name"));
    return given?.missing.length === 0 ? ([given.text, name] as const) : undefined;
  });
  return new Map(names.filter((each) => each !== undefined));
}

/** `provider:` of a service: docker compose runs the program in a container's place (docker/compose: pkg/compose/plugins.go). */
export function readProvider(file: string, service: string, provider: Node): ExecSubject {
  const type = scalar(get(provider, "type"));
  const missing = type && missingReason(type);
  const origin = originOf(type ?? provider);
  const program: Fact<HostProgram> =
    type === undefined || missing !== undefined
      ? unresolved(missing ?? "the provider has no type", origin)
      : set({ kind: "provider", name: type.text, flags: [] }, origin);
  const options = entriesOf(get(provider, "options")).flatMap(({ name, value }) =>
    (value.kind === "list" ? itemsOf(value) : [value]).flatMap((each) => {
      const text = scalar(each)?.text;
      return text === undefined ? [] : [`--${name}`, text];
    }),
  );
  return subjectOf(`${file}#${service}`, service, provider, program, options);
}

/** `runtime_flags` of a model: flags of the server that Docker Model Runner starts. */
export function readModels(file: string, models: Node | undefined): ExecSubject[] {
  return entriesOf(models).flatMap(({ name, value }) => {
    const flags = get(value, "runtime_flags");
    if (!flags || isNull(flags)) return [];
    const items = itemsOf(flags).flatMap((item) => scalar(item) ?? []);
    const open = items.map(missingReason).find((reason) => reason !== undefined);
    const texts = items.map(({ text }) => text);
    const program: Fact<HostProgram> =
      open === undefined
        ? set({ kind: "model", name, flags: texts }, originOf(flags))
        : unresolved(open, originOf(flags));
    return [subjectOf(`${file}#models.${name}`, `models.${name}`, flags, program, texts)];
  });
}

function subjectOf(
  id: string,
  name: string,
  at: Node,
  hostProgram: Fact<HostProgram>,
  words: readonly string[],
): ExecSubject {
  const origin = originOf(at);
  const credentials = credentialsInArguments(["program", ...words]).map((each) =>
    set({ ...each, where: "an option" }, origin),
  );
  const view = exec("declared", container("declared"), { hostProgram, credentials });
  return { kind: "exec", id, stableId: id, name, source: "compose", location: origin, views: [view] };
}

/**
 * Whether docker compose would start a service. Without a profile asked for, every service counts here: anyone who audits a
 * file means all of it.
 */
export function isEnabled(service: Node, profiles: readonly string[]): boolean {
  if (profiles.length === 0 || profiles.includes("*")) return true;
  const own = itemsOf(get(service, "profiles")).flatMap((each) =>
    each.kind === "scalar" ? [each.text] : [],
  );
  return own.length === 0 || own.some((name) => profiles.includes(name));
}
