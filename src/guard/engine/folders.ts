import { createHash } from "node:crypto";
import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { posix } from "node:path";
import { codeOf, whyUnread } from "../../base/error-words.ts";
import { textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";
import { rootOf } from "../judge/container/folders.ts";
import { matchesPath } from "../judge/policy/patterns.ts";
import type { Policies } from "../policy/policies.ts";
import type { HostFolder, HostFolders, Ids, MountRule, Policy } from "../policy/policy.ts";
import type { HostEyes } from "./host-path.ts";
import { mountView, type OnHost } from "./views.ts";

/** O_PATH of open(2), which Node does not name. */
const onlyPath = 0o10000000;
const folder = onlyPath | constants.O_DIRECTORY;

/** A folder whose descriptor is held, so that it stays the same one whatever becomes of its path. */
interface Held extends HostFolder {
  readonly descriptor: number;
  /** With other owners, for the containers of a rule with `as`. */
  readonly views: Map<string, HostFolder>;
}

/** The folders of the host that clients may mount. */
export interface HeldFolders extends HostFolders {
  /** The policies with these folders, which are opened where they are new. */
  under(policies: Policies): Promise<Policies>;
  /** Opens what was not there before, or became another folder. */
  refresh(): Promise<void>;
  /**
   * Where a path of the host, without links, is below a folder: for `Subpath`. What is missing is an error, or may be (`passes`), or is
   * made beneath the descriptor, for the owner of the folder that it is made in.
   */
  place(root: string, path: string, missing: "fails" | "passes" | "made"): Result<string>;
  close(): void;
}

export interface FolderOptions {
  readonly eyes: HostEyes;
  /** Where the host's root is mounted; "" where the guard's own is the host's. */
  readonly hostRoot: string;
  /** Undefined where the guard has no programs of the host. */
  readonly onHost: OnHost | undefined;
  /** Where the IDs of containers begin on the host (userns-remap). */
  readonly base: () => Promise<Ids>;
  /** What the names of its views begin with, where they are its own and go with it. */
  readonly ownViews?: string | undefined;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
}

/**
 * Opens the folders of `allow.mounts`. One that only root can exchange for another goes to dockerd by its path, so that its
 * containers start whether the guard runs or not. Every other goes by the guard's own descriptor, for as long as the guard runs.
 */
export function holdFolders({ eyes, hostRoot, onHost, base, ownViews, tell }: FolderOptions): HeldFolders {
  const byRoot = new Map<string, Held>();
  const refused = new Map<string, string>();
  let byVolume: ReadonlyMap<string, HostFolder> = new Map();
  let refreshing = Promise.resolve();
  let wanted: readonly Policy[] = [];

  /**
   * Undefined where it cannot be seen; fails where it may be another one than the policy means. Of a file that others than root can
   * exchange, the folder that it is in.
   */
  function open(root: string): Result<Held | undefined> {
    const seen = eyes.look(root);
    if (seen.state !== "found") return ok(undefined);
    const type = textAt(seen.document, "type");
    const isMissing = type === "missing";
    const real = isFirm(root, hostRoot) && isFirm(seen.id, hostRoot) ? seen.id : undefined;
    if (!isMissing && type !== "directory")
      return real === undefined ? open(posix.dirname(root)) : ok(undefined);
    // dockerd makes it, and nobody can put another in its place.
    if (isMissing && real !== undefined) return ok(undefined);
    const top = openSync(hostRoot === "" ? "/" : hostRoot, folder);
    const opened = walk(top, partsOf(real ?? root), root);
    closeSync(top);
    const descriptor = opened.ok ? opened.value : undefined;
    if (!opened.ok) return opened;
    if (descriptor === undefined) return ok(undefined);
    const lasts = real !== undefined && !isBelowWritable(root, wanted);
    if (!lasts && hostRoot !== "") {
      // In a container the guard has other process IDs and other mounts than dockerd.
      closeSync(descriptor);
      return ok(undefined);
    }
    const device = lasts ? root : `/proc/${process.pid}/fd/${descriptor}`;
    const volume = volumeOf(lasts ? root : `${root} ${process.pid} ${process.hrtime.bigint()}`);
    return ok({ root, volume, device, lasts, isFirm: lasts, isMapped: false, descriptor, views: new Map() });
  }

  function inTurn(): Promise<void> {
    refreshing = refreshing.then(refresh);
    return refreshing;
  }

  async function refresh(): Promise<void> {
    openAll();
    for (const rule of rules()) await view(rule, byRoot.get(rootOf(rule)));
    note();
  }

  function rules(): readonly MountRule[] {
    return wanted
      .flatMap(({ allow }) => allow.mounts)
      .filter((rule) => rootOf(rule) !== "/" && !rule.dangerous);
  }

  function openAll(): void {
    for (const rule of rules()) {
      const root = rootOf(rule);
      const known = byRoot.get(root);
      if (!known || !isSame(known, hostRoot)) hold(root, known);
    }
    note();
  }

  function note(): void {
    const all = [...byRoot.values()].flatMap((each): HostFolder[] => [each, ...each.views.values()]);
    byVolume = new Map(all.map((each) => [each.volume, each]));
  }

  function hold(root: string, known: Held | undefined): void {
    if (known) closeSync(known.descriptor);
    byRoot.delete(root);
    refused.delete(root);
    const opened = open(root);
    if (!opened.ok) refused.set(root, opened.reason);
    else if (opened.value) byRoot.set(root, opened.value);
  }

  /** Shows the folder with other owners, once for the root of containers and once for the caller's own ID in them. */
  async function view({ as }: MountRule, known: Held | undefined): Promise<void> {
    if (!as || !known || !onHost) return;
    for (const kind of ["root", "own"] as const) {
      const key = viewKey(as, kind);
      if (known.views.has(key)) continue;
      const made = await mountView(known, as, kind, onHost, { own: ownViews, base: await base() });
      // It is not tried again before the guard reads its policy anew.
      const device = made.ok ? made.value : known.device;
      known.views.set(
        key,
        made.ok ? { ...known, device, volume: volumeOf(device), lasts: true, isMapped: true } : known,
      );
      if (made.ok || kind === "own") continue;
      tell(
        `${known.root} cannot be shown with other owners (${made.reason}): containers that mount it get a seccomp profile`,
      );
    }
  }

  const held: HeldFolders = {
    at(rule, user = "") {
      const known = byRoot.get(rootOf(rule));
      if (!known || !rule.as) return known;
      const isOwn = Number(user.split(":")[0] || 0) === rule.as.uid;
      return known.views.get(viewKey(rule.as, isOwn ? "own" : "root")) ?? known;
    },
    named: (volume) => byVolume.get(volume),
    refused: (root) => refused.get(root),
    async under(policies) {
      const all = [policies.default, ...policies.clients.map(({ policy }) => policy)];
      wanted = all.filter(({ mode }) => mode === "enforce");
      for (const { views } of byRoot.values()) views.clear();
      await refreshing;
      // How they look to others is made with the first container: a start need not wait for it.
      openAll();
      const withFolders = (policy: Policy): Policy =>
        policy.mode === "enforce" ? { ...policy, folders: held } : policy;
      return {
        ...policies,
        default: withFolders(policies.default),
        clients: policies.clients.map((client) => ({ ...client, policy: withFolders(client.policy) })),
      };
    },
    refresh: inTurn,
    place(root, path, missing) {
      const known = [...byRoot.values()].find((each) => each.root === root);
      if (!known || !isAtOrBelow(path, root)) return failed(`${path} is in no folder that the guard holds`);
      const parts = partsOf(path.slice(root.length));
      const found = walk(known.descriptor, parts, path, missing);
      if (!found.ok) return found;
      if (found.value !== undefined) closeSync(found.value);
      return ok(parts.join("/"));
    },
    close() {
      for (const { descriptor } of byRoot.values()) closeSync(descriptor);
      byRoot.clear();
    },
  };
  return held;
}

/** Whether a volume has the name of one by which a guard mounts a folder: a leash's client can make none like it. */
export function isFolderName(name: string): boolean {
  return /^bulkhead-[0-9a-f]{24}$/.test(name);
}

function volumeOf(mark: string): string {
  return `bulkhead-${createHash("sha256").update(mark).digest("hex").slice(0, 24)}`;
}

function viewKey({ uid, gid }: Ids, kind: "root" | "own"): string {
  return `${uid}:${gid} ${kind}`;
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "");
}

/** A descriptor of what is there, by going down part by part. No link is followed: who exchanges a part meanwhile gets an error. */
function walk(
  root: number,
  parts: readonly string[],
  path: string,
  missing: Parameters<HeldFolders["place"]>[2] = "fails",
): Result<number | undefined> {
  let at = openSync(`/proc/self/fd/${root}`, onlyPath);
  try {
    for (const part of parts) {
      const next = step(at, part, missing === "made");
      closeSync(at);
      at = next;
    }
    if (!fstatSync(at).isSymbolicLink()) return ok(at);
    closeSync(at);
    return failed(`${path} is a link, or became one`);
  } catch (error) {
    closeSync(at);
    const code = codeOf(error);
    if (code === "ENOENT" && missing === "passes") return ok(undefined);
    if (code === "ENOENT") return failed(`${path} does not exist on the host`);
    return failed(
      code === "ENOTDIR" || code === "ELOOP"
        ? `a part of ${path} is not a folder, or is or became a link that others than root can change`
        : `${path} cannot be opened or made by the guard: ${whyUnread(error)}`,
    );
  }
}

function step(at: number, part: string, makes: boolean): number {
  const next = `/proc/self/fd/${at}/${part}`;
  try {
    return openSync(next, onlyPath | constants.O_NOFOLLOW);
  } catch (error) {
    if (!makes || codeOf(error) !== "ENOENT") throw error;
  }
  mkdirSync(next, 0o755);
  const made = openSync(next, folder | constants.O_NOFOLLOW);
  const { uid, gid } = fstatSync(at);
  try {
    chownSync(`/proc/self/fd/${made}`, uid, gid);
  } catch {
    // Who is not root makes what is his own.
  }
  return made;
}

/** Whether the path still leads to the folder that is held, or need not: what a descriptor holds is mounted whatever the path says. */
function isSame({ root, lasts, descriptor }: Held, hostRoot: string): boolean {
  const own = fstatSync(descriptor);
  if (own.nlink === 0) return false;
  if (!lasts) return true;
  const now = statSync(`${hostRoot}${root}`, { throwIfNoEntry: false });
  return now?.dev === own.dev && now.ino === own.ino;
}

/** Whether nobody but root can put another folder in the place of one on the path. */
function isFirm(root: string, hostRoot: string): boolean {
  for (let at = root; at !== "/"; at = posix.dirname(at)) {
    const above = lstatSync(`${hostRoot}${posix.dirname(at)}` || "/", { throwIfNoEntry: false });
    if (!above) continue;
    // What stands behind a link is looked at by its own path.
    const isShared = !above.isSymbolicLink() && (above.mode & 0o022) !== 0;
    const own = lstatSync(`${hostRoot}${at}`, { throwIfNoEntry: false });
    const isSticky = (above.mode & 0o1000) !== 0 && own?.uid === 0;
    if (above.uid !== 0 || (isShared && !isSticky)) return false;
  }
  return true;
}

/** Whether containers of some client can write above it. */
function isBelowWritable(root: string, policies: readonly Policy[]): boolean {
  const rules = policies.flatMap(({ allow }) => allow.mounts).filter(({ readOnly }) => !readOnly);
  for (let at = canonicalPath(root); at !== "/"; ) {
    at = posix.dirname(at);
    if (rules.some(({ source }) => matchesPath(at, source))) return true;
  }
  return false;
}
