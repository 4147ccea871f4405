import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord, itemsOf, recordAt, textAt } from "../base/json.ts";
import type { EngineClient } from "../engine/client.ts";
import { isOrphan, ownLabel } from "../engine/owner.ts";
import { sweepInstances } from "../engine/tracefs.ts";
import type { EngineWriter } from "../engine/write-client.ts";

/** The temporary folder of one command's trials. Nobody else can read it: hardened files hold what the user's hold. */
export interface Scratch {
  readonly folder: string;
  /** A new empty folder in it. */
  readonly make: (name: string) => string;
  readonly remove: () => void;
}

const prefix = "bulkhead-try-";

export function openScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  try {
    writeFileSync(join(folder, "owner"), ownLabel());
  } catch (error) {
    // On a full disk: without an owner in it no sweep would know it.
    removeFolder(folder);
    throw error;
  }
  let made = 0;
  return {
    folder,
    make(name) {
      made += 1;
      const path = join(folder, `${made}-${name}`);
      mkdirSync(path);
      return path;
    },
    remove: () => removeFolder(folder),
  };
}

/** Removes the folders of commands that were killed. */
export function sweepScratch(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(tmpdir(), name);
    const owner = ownerOf(folder);
    if (owner !== undefined && isOrphan(owner) === true) removeFolder(folder);
  }
}

function ownerOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, "owner"), "utf8");
  } catch {
    return undefined;
  }
}

/** What another user's container wrote cannot always be removed; the next sweep by root removes it. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Said by nobody: it holds nothing of the user's.
  }
}

/** Gives a folder the owner and mode of another: an overlay shows those of its upper layer. */
export function likeFolder(folder: string, source: string): void {
  const { uid, gid, mode } = statSync(source);
  chmodSync(folder, mode & 0o7777);
  chownSync(folder, uid, gid);
}

/** The label on every container, network and volume of a trial. */
export const labelName = "bulkhead.try";

export interface SweepWays {
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
}

/** Removes what trials left that were killed: containers, networks, volumes, temporary folders, traces. Gives how many. */
export async function sweepTrials(ways: SweepWays): Promise<number> {
  const gone = await removeWhere(ways, labelName, (labels) => {
    const owner = labels[labelName];
    return typeof owner === "string" && isOrphan(owner) === true;
  });
  sweepScratch();
  sweepInstances();
  return gone;
}

/** Removes everything of one trial's project. */
export async function removeProject(ways: SweepWays, project: string): Promise<number> {
  return await removeWhere(ways, `com.docker.compose.project=${project}`, (labels) => labelName in labels);
}

type Labels = Readonly<Record<string, unknown>>;

/** Containers first: networks and volumes can go once nothing uses them. What cannot go now goes at the next sweep. */
async function removeWhere(
  { reader, writer }: SweepWays,
  label: string,
  isMeant: (labels: Labels) => boolean,
): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const kinds = [
    {
      list: `/containers/json?all=1&filters=${filters}`,
      key: "Id",
      path: "containers",
      options: "?force=1&v=1",
    },
    { list: `/networks?filters=${filters}`, key: "Id", path: "networks", options: "" },
    { list: `/volumes?filters=${filters}`, key: "Name", path: "volumes", options: "?force=1" },
  ];
  let gone = 0;
  for (const { list, key, path, options } of kinds) {
    const answer = await reader.get(list);
    if (!answer.ok) continue;
    const items = path === "volumes" ? recordAt({ value: answer.value }, "value").Volumes : answer.value;
    const found = itemsOf(items).filter((item) => isRecord(item) && isMeant(recordAt(item, "Labels")));
    const removed = await Promise.all(
      found.map((item) => writer.delete(`/${path}/${encodeURIComponent(textAt(item, key) ?? "")}${options}`)),
    );
    gone += removed.filter(({ ok }) => ok).length;
  }
  return gone;
}
