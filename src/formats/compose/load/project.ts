import { posix } from "node:path";
import { credentialsInValue } from "../../../model/credentials/find.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { Files } from "../../../model/reading.ts";
import type { Gaps } from "../check/report.ts";
import { missingReason, scalar } from "../read/facts.ts";
import { get, itemsOf, type MapNode, mapOf, type Node } from "../yaml/node.ts";
import type { ParsedFile } from "../yaml/parse.ts";
import { layered, processLookup, readEnvFiles } from "./dotenv.ts";
import { applyExtends } from "./extends.ts";
import { type Folder, fileIn, folder, folderOf } from "./file-path.ts";
import { isRemote, type Loading, type Missing, readDocuments, type Setting } from "./loading.ts";
import { overlay } from "./merge.ts";
import type { Lookup } from "./template.ts";

export interface ComposeRequest {
  /** The files of one project in order, later ones over earlier ones, as `docker compose -f a -f b`. */
  readonly files: readonly string[];
  readonly io: Files;
  /** Without any, all services are read. */
  readonly profiles?: readonly string[];
  /** In place of the project folder's `.env`. */
  readonly envFiles?: readonly string[];
  /** What relative paths stand on, in place of the first file's folder. */
  readonly projectDirectory?: string;
  /** Whether the files will be written. Then the parsed trees are kept. */
  readonly forWriting?: boolean;
  /** Whether they only change another file: then docker compose never loads them alone. */
  readonly isPart?: boolean;
}

export interface Project {
  readonly model: MapNode | undefined;
  readonly lookup: Lookup;
  /** Ranges that may hold secrets; reading the services adds those of their env files. */
  readonly secrets: FileOrigin[];
  /** Credentials that the environment or an env file supplied. */
  readonly values: ReadonlySet<string>;
  /** How many nodes the texts hold, aliases not expanded. */
  readonly size: number;
  /** A file is not valid YAML. Only that is reported, not what follows from it. */
  readonly broken: boolean;
  /** Its files as they were taken apart; empty where they are not to be written. */
  readonly parsed: ReadonlyMap<string, Pick<ParsedFile, "source" | "yaml">>;
}

/** Files in one project, more than any has; where includes include one another, their number doubles with each. */
const mostFiles = 1000;

/** Entries that merges, extends and includes may copy. A large real project needs some ten thousand. */
const mostCopies = 2_000_000;

export function loadProject(first: string, request: ComposeRequest, gaps: Gaps): Project {
  const { io } = request;
  const base = request.projectDirectory === undefined ? folderOf(first) : folder(request.projectDirectory);
  const secrets: FileOrigin[] = [];
  const own = processLookup(io);
  const dotEnv = fileIn(base, ".env", io.home);
  const given = request.envFiles ?? [];
  const envFiles = given.length > 0 || !io.exists(dotEnv) ? given : [dotEnv];
  const variables = layered(own, readEnvFiles(envFiles, io, own, gaps.about));
  let ownName: string | undefined;
  const seen = new Set<string>();
  const values = new Set<string>();
  const lookup: Lookup = (name) => {
    const value = variables(name);
    if (value !== undefined && !seen.has(name)) {
      seen.add(name);
      for (const each of credentialsInValue(name, value)) values.add(each.value);
    }
    if (value !== undefined || name !== "COMPOSE_PROJECT_NAME") return value;
    ownName ??= projectName(first, base, io);
    return ownName;
  };
  let files = 0;
  let copies = 0;
  let size = 0;
  let broken = false;
  const parsed = new Map<string, Pick<ParsedFile, "source" | "yaml">>();
  const loading: Loading = {
    io,
    secrets,
    report: (issue) => gaps.at(issue),
    countFile: () => ++files <= mostFiles,
    countNodes: (nodes) => {
      size += nodes;
    },
    keep: (file, { source, yaml }) => {
      if (request.forWriting) parsed.set(file, { source, yaml });
    },
    noteBroken: () => {
      broken = true;
    },
    spend: (entries) => {
      const before = copies;
      copies += entries;
      if (copies > mostCopies && before <= mostCopies)
        gaps.about(first, "its merges and extends copy too much to be read");
      return copies <= mostCopies;
    },
  };
  const model = loadModel(request.files, { base, lookup, included: [] }, loading, gaps.about);
  return { model, lookup, secrets, values, size, broken, parsed };
}

/**
 * The files of a project merged in order, each with what it includes and extends (compose-go: loader/loader.go,
 * loadYamlModel). `missing` is told of a file that cannot be read. Undefined where none holds anything.
 */
function loadModel(
  files: readonly string[],
  setting: Setting,
  loading: Loading,
  missing: Missing,
): MapNode | undefined {
  let model: MapNode | undefined;
  for (const file of files) {
    for (const document of readDocuments(file, setting, loading, missing)) {
      const complete = importIncludes(document, file, setting, loading, loadModel);
      const extended = applyExtends(complete, file, setting, loading);
      model = model ? overlay(model, extended, loading) : extended;
    }
  }
  return model;
}

/**
 * The name that docker compose gives a project, and as `COMPOSE_PROJECT_NAME` its files: the first file's `name:`, else
 * its folder's.
 */
export function projectName(file: string, base: Folder, io: Files): string {
  const text = io.read(file);
  const written = text.ok ? /^name:[ \t]*["']?([\w-]+)/m.exec(text.value)?.[1] : undefined;
  const name = (written ?? posix.basename(base.absolute)).toLowerCase().replace(/[^a-z0-9_-]/g, "");
  return name.replace(/^[_-]+/, "");
}

type LoadModel = (
  files: readonly string[],
  setting: Setting,
  loading: Loading,
  missing: Missing,
) => MapNode | undefined;

/** The sections that an included file brings. */
const sections = new Set(["services", "volumes", "networks", "secrets", "configs", "models"]);

/**
 * A file's tree over what its `include:` names (compose-go: loader/include.go). Each included file is a project of its
 * own: its folder is what its relative paths stand on, and the `.env` there is read for its variables.
 */
function importIncludes(
  document: MapNode,
  file: string,
  setting: Setting,
  loading: Loading,
  load: LoadModel,
): MapNode {
  const include = get(document, "include");
  const items = include?.kind === "list" ? itemsOf(include) : include ? [include] : [];
  let model = document;
  for (const each of items) {
    const imported = importOne(each, file, setting, loading, load);
    if (!imported) continue;
    const brought = [...imported.entries].filter(([name]) => sections.has(name));
    model = overlay(mapOf(new Map(brought), imported.place), model, loading);
  }
  return model;
}

function importOne(
  node: Node,
  file: string,
  setting: Setting,
  loading: Loading,
  load: LoadModel,
): MapNode | undefined {
  const fail = (reason: string) => {
    loading.report({ reason, place: node.place });
    return undefined;
  };
  const listed = texts(node.kind === "map" ? get(node, "path") : node);
  const envFiles = node.kind === "map" ? texts(get(node, "env_file")) : [];
  const directory = node.kind === "map" ? scalar(get(node, "project_directory")) : undefined;
  const missing = [...listed, ...envFiles, ...(directory ? [directory] : [])]
    .map(missingReason)
    .find(Boolean);
  if (missing !== undefined) return fail(`what it includes is not known: ${missing}`);
  if (listed.some((path) => isRemote(path.text)))
    return fail("it includes a remote file, which is not fetched");
  const { home } = loading.io;
  const paths = listed.map((path) => fileIn(setting.base, path.text, home));
  const [first] = paths;
  if (first === undefined) return undefined;
  const included = [...setting.included, file];
  if (included.includes(first))
    return fail(`files include one another in a circle: ${first} is already being read`);
  const base = directory ? folder(fileIn(setting.base, directory.text, home)) : folderOf(first);
  const names =
    envFiles.length > 0
      ? envFiles.map((each) => fileIn(setting.base, each.text, home))
      : defaultEnv(base, loading);
  const readable = names.filter((name) => name !== "/dev/null");
  const env = readEnvFiles(readable, loading.io, setting.lookup, (_, reason) => fail(reason));
  const inner: Setting = { base, lookup: layered(setting.lookup, env), included };
  return load(paths, inner, loading, (path, reason) =>
    fail(`the included file ${path} cannot be read: ${reason}`),
  );
}

function texts(node: Node | undefined) {
  const items = node?.kind === "list" ? itemsOf(node) : node ? [node] : [];
  return items.flatMap((each) => scalar(each) ?? []);
}

function defaultEnv(base: Folder, { io }: Loading): readonly string[] {
  const file = fileIn(base, ".env", io.home);
  return io.exists(file) ? [file] : [];
}
