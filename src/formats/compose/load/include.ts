import { missingReason, scalar } from "../read/facts.ts";
import { get, itemsOf, type MapNode, mapOf, type Node } from "../yaml/node.ts";
import { layered, readEnvFiles } from "./dotenv.ts";
import { type Folder, fileIn, folder, folderOf } from "./file-path.ts";
import { isRemote, type Loading, type Missing, type Setting } from "./loading.ts";
import { overlay } from "./merge.ts";

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
export function importIncludes(
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
  if (missing !== undefined) return fail(`what it includes cannot be told: ${missing}`);
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
