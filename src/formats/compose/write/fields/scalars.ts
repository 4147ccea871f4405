import { failed, type Result } from "../../../../base/result.ts";
import { at, get } from "../../yaml/node.ts";
import { plainLeaf, type ServiceDraft, setValue, unsetValue, update } from "../yaml/draft.ts";
import { escapeDollars } from "../yaml/token.ts";
import { leaf, type MapTree, type Tree } from "../yaml/tree.ts";
import { deployPath, type ScalarChange, type Spelled, scalarPath, spellScalar } from "./keys.ts";

/** Writes one value, where Compose has a key for it. */
export function writeScalar(tree: MapTree, wanted: ScalarChange, draft: ServiceDraft): Result<MapTree> {
  const path = scalarPath(wanted.field) ?? [];
  const spelled = spellScalar(wanted);
  const deploy = deployPath(wanted.field);
  if (!deploy) return writeAt(tree, path, spelled, draft);
  const { hasSection, hasOwn, hasTop } = presence(draft, deploy.path, path);
  if (!spelled) {
    const without = hasTop ? unsetValue(tree, draft, path) : ({ ok: true, value: tree } as const);
    return without.ok && hasOwn ? unsetValue(without.value, draft, deploy.path) : without;
  }
  const resources = at(draft.merged, "deploy", "resources") !== undefined;
  // What `deploy` says goes before, and docker compose refuses two that differ.
  const inDeploy = hasSection || draft.swarm || (resources && !hasTop);
  if (!inDeploy) return writeAt(tree, path, spelled, draft);
  const isText = deploy.isText && !/^['"]/.test(spelled.text);
  const written = update(tree, draft, deploy.path, (current) =>
    deployLeaf(spelled.text, isText, current, draft),
  );
  return written.ok && hasTop ? writeAt(written.value, path, spelled, draft) : written;
}

function presence(draft: ServiceDraft, deploy: readonly string[], top: readonly string[]) {
  return {
    hasSection: at(draft.merged, ...deploy.slice(0, -1)) !== undefined,
    hasOwn: at(draft.merged, ...deploy) !== undefined,
    hasTop: get(draft.merged, top[0] ?? "") !== undefined,
  };
}

/** CPUs and sizes under `deploy` are texts. */
function deployLeaf(text: string, isText: boolean, current: Tree | undefined, draft: ServiceDraft): Tree {
  const isNumber = /^[-+]?[\d.]+$/.test(text);
  const plain = plainLeaf(text, current, draft);
  if (!isText || !isNumber || plain.token !== text) return plain;
  return leaf(draft.layout.quote === "single" ? `'${text}'` : `"${text}"`);
}

function writeAt(
  tree: MapTree,
  path: readonly string[],
  spelled: Spelled | undefined,
  draft: ServiceDraft,
): Result<MapTree> {
  if (!spelled) return unsetValue(tree, draft, path);
  if (spelled.text.includes("\n")) return failed("the value has a line break");
  if (spelled.isText) return setValue(tree, draft, path, escapeDollars(spelled.text));
  return update(tree, draft, path, (current) => plainLeaf(spelled.text, current, draft));
}
