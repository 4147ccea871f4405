import { failed, ok, type Result } from "../../../../base/result.ts";
import type { ContainerScalars } from "../../../../model/container.ts";
import { writeLabel } from "../../../values/spell.ts";
import { at } from "../../yaml/node.ts";
import { listItems, type ServiceDraft, textOf, tokenStyle, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars, spellText } from "../yaml/token.ts";
import { leaf, type MapTree } from "../yaml/tree.ts";
import { type SecurityField, securityKeys } from "./keys.ts";
import { changeList, type ItemChange } from "./slots.ts";

/** A wanted value, or undefined to remove the option. */
export type WantedSecurity = {
  readonly [F in SecurityField]: { readonly field: F; readonly value: ContainerScalars[F] | undefined };
}[SecurityField];

const path = ["security_opt"];

/** Writes options into `security_opt`, each in the place of those that said the same before. */
export function writeSecurity(
  tree: MapTree,
  wanted: ReadonlyMap<SecurityField, readonly string[]>,
  draft: ServiceDraft,
): Result<MapTree> {
  const texts = listItems(at(draft.merged, ...path)).map((item) => (item.kind === "scalar" ? item.text : ""));
  const firstOwn = texts.length - listItems(at(draft.own, ...path)).length;
  const colon = texts.length > 0 && texts.every((text) => /^[a-z-]+(?::|$)/.test(text));
  const items = new Map<number, ItemChange>();
  const added: string[] = [];
  for (const [field, options] of wanted) {
    const spelled = options.map((option) => escapeDollars(colon ? option.replace("=", ":") : option));
    const places = texts.flatMap((text, index) => (keyOf(text) === securityKeys[field] ? [index] : []));
    // The last one of an option counts, so what another file says may stay; labels add up.
    const isAll = spelled.length === 0 || field === "selinux";
    const gone = places.filter((index) => isAll || index >= firstOwn || spelled.includes(texts[index] ?? ""));
    const last = gone.at(-1);
    const [first, ...more] = spelled;
    for (const index of gone) {
      items.set(index, (item) => {
        if (index !== last || first === undefined) return undefined;
        return textOf(item) === first ? item : valueLeaf(first, item, draft);
      });
    }
    added.push(...(last === undefined ? spelled : more));
  }
  const add = added.map((text) => leaf(spellText(text, tokenStyle(draft))));
  return changeList(tree, draft, path, { items, add });
}

function keyOf(option: string): string {
  return /^[^:=]*/.exec(option)?.[0] ?? "";
}

/** The options that ask for a value; empty to remove them. */
export function spellSecurity(wanted: WantedSecurity): Result<readonly string[]> {
  if (wanted.value === undefined) return ok([]);
  switch (wanted.field) {
    case "noNewPrivileges":
      // The way that Docker's own documentation of Compose writes it.
      return ok([`no-new-privileges:${wanted.value}`]);
    case "apparmor":
      return ok([`apparmor=${wanted.value}`]);
    case "selinux":
      return ok(writeLabel(wanted.value));
    case "pathProtection":
      return wanted.value.mode === "unconfined"
        ? ok(["systempaths=unconfined"])
        : failed("Compose cannot name the paths that are masked");
    case "seccomp":
      if (wanted.value.profile === "unconfined") return ok(["seccomp=unconfined"]);
      // docker compose takes anything else for a file (docker/compose: pkg/compose/create.go, parseSecurityOpts).
      if (wanted.value.profile === "default")
        return failed("docker compose has no word for the Engine's own profile: leave the option out");
      return wanted.value.path === undefined
        ? failed("Compose names a profile by its file, and none is known")
        : ok([`seccomp=${wanted.value.path}`]);
  }
}
