import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Ids, MountRule } from "../policy/policy.ts";

/** The folders that containers of a leash can mount. */
export interface Folders {
  /** The command's own: what is named after it, and where its secrets are looked for. */
  readonly own: string;
  readonly all: readonly { readonly path: string; readonly readOnly: boolean }[];
}

/** Without a folder that may be written, it is the top of the git checkout, or else the current folder. */
export function foldersOf(given: readonly string[], cwd: string): Result<Folders> {
  const all: { path: string; readOnly: boolean }[] = [];
  for (const text of given) {
    const readOnly = text.endsWith(":ro");
    const path = existing(resolve(cwd, readOnly ? text.slice(0, -3) : text));
    if (path === undefined) return failed(`--folder ${text}: there is no such folder`);
    all.push({ path, readOnly });
  }
  const usual = existing(topOfCheckout(cwd)) ?? cwd;
  if (!all.some(({ path, readOnly }) => !readOnly || path === usual)) {
    const why =
      usual === "/" ? "the whole host" : usual === existing(homedir()) ? "your home folder" : undefined;
    if (why !== undefined)
      return failed(`${usual} is ${why}: go into a project, or name a folder with --folder`);
    all.unshift({ path: usual, readOnly: false });
  }
  return ok({ own: all[0]?.path ?? usual, all });
}

/**
 * Where the leash's own socket lies: in the first of the places that no folder of the command has, for no mount may reach it. If
 * each is in one (`--folder /:ro`), in the first: the guard then refuses the mounts that would hold it.
 */
export function placeApart({ all }: Folders, [first, ...others]: readonly [string, ...string[]]): string {
  const isApart = (place: string) => {
    const real = existing(place);
    return real !== undefined && isWritable(real) && !all.some(({ path }) => isAtOrBelow(real, path));
  };
  return [first, ...others].find(isApart) ?? first;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function existing(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? real : undefined;
  } catch {
    return undefined;
  }
}

function topOfCheckout(cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return cwd;
  }
}

/**
 * A folder and all that is in it. A pattern would read the signs of a name. What a container's root makes there is `user`'s, who is
 * not root.
 */
export function mountRules({ all }: Folders, user?: Ids): Result<readonly MountRule[]> {
  const strange = all.find(({ path }) => /[*?[\]{},:]/.test(path));
  if (strange)
    return failed(`${strange.path} has a sign in its path (* ? [ ] { } , :) that a mount cannot hold`);
  return ok(all.map(({ path, readOnly }) => ({ source: `${path}/**`, readOnly, ...(user && { as: user }) })));
}

/** Files that are keys or hold passwords, by the names that tools give them. */
const secretNames =
  /^(?:\.env(?:\..+)?|.+\.(?:pem|key|p12|pfx|jks|keystore|kdbx)|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.npmrc|\.pypirc|credentials(?:\.json)?|\.git-credentials|\.dockerconfigjson|kubeconfig|terraform\.tfstate|\.vault-token)$/;
const harmlessNames = /\.(?:example|sample|template|dist)$|^\.env\.(?:example|sample|template|dist)$/;

/** Entries that are looked at, and folders that hold other people's files. */
const mostEntries = 5_000;
const others: ReadonlySet<string> = new Set([".git", "node_modules", "vendor", ".venv", "target", "dist"]);

/** Files in the folder that look like secrets, by their path in it; a bounded look, since it delays the start. */
export function secretsIn(folder: string): readonly string[] {
  const found: string[] = [];
  const open = [{ path: folder, depth: 0 }];
  let seen = 0;
  for (let next = open.shift(); next && seen < mostEntries; next = open.shift()) {
    for (const entry of entriesOf(next.path)) {
      seen += 1;
      const path = join(next.path, entry.name);
      if (entry.isDirectory() && next.depth < 4 && !others.has(entry.name))
        open.push({ path, depth: next.depth + 1 });
      else if (!entry.isDirectory() && secretNames.test(entry.name) && !harmlessNames.test(entry.name))
        found.push(relative(folder, path));
    }
  }
  return found.toSorted(
    (one, other) =>
      one.split("/").length - other.split("/").length || (basename(one) < basename(other) ? -1 : 1),
  );
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
