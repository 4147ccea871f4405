import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { codeOf, whyUnread, whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { projectOf } from "../../model/container.ts";
import type { Watch } from "../../watch/watch.ts";
import type { ContainerNow, HostNow } from "../protocol/report.ts";

/** Who this host is to a `bulkhead serve`, in a file that only its owner can read. */
export interface Identity {
  /** 32 random bytes in base64url. `serve` keeps its SHA-256 alone. */
  readonly key: string;
  readonly isEnrolled: boolean;
  /** How often a watch began: numbers of changes begin anew with each. */
  readonly run: number;
}

/** Reads the identity, or makes a new one, and counts this run. It is on the disk before it is used. */
export function beginRun(folder: string): Result<Identity> {
  const path = join(folder, "identity.json");
  let text: string | undefined;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") return failed(`${path}: ${whyUnread(error)}`);
  }
  const before = text === undefined ? newIdentity() : parseIdentity(text);
  if (!before) return failed(`${path} is damaged: remove it, and enrol this host again`);
  return keepIdentity(folder, { ...before, run: before.run + 1 });
}

/** Replaces the identity in one step: a kill leaves the one before it, or this. */
export function keepIdentity(folder: string, identity: Identity): Result<Identity> {
  const path = join(folder, "identity.json");
  try {
    const file = openSync(`${path}.new`, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify(identity)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    return ok(identity);
  } catch (error) {
    return failed(`${path}: ${whyUnwritten(error)}`);
  }
}

export function keyHash({ key }: Identity): string {
  return createHash("sha256").update(key).digest("hex");
}

/** A number of a change is the run's number times this, and its own number in the run. */
const perRun = 2 ** 32;

/** Numbers of this host that grow, also from run to run. */
export interface Numbers {
  next(): number;
  last(): number;
  /** Counts on in the run after that of a number that this host does not know any more. */
  skipTo(number: number): void;
}

/** `run`: the number of the run now; `skip` sets it. */
export function numbersOf(run: () => number, skip: (run: number) => void = () => {}): Numbers {
  let own = 0;
  const last = () => run() * perRun + own;
  return {
    next() {
      own += 1;
      return last();
    },
    last,
    skipTo(number) {
      own = 0;
      skip(Math.floor(number / perRun) + 1);
    },
  };
}

function newIdentity(): Identity {
  return { key: randomBytes(32).toString("base64url"), isEnrolled: false, run: 0 };
}

function parseIdentity(text: string): Identity | undefined {
  try {
    const { key, isEnrolled, run }: Record<string, unknown> = JSON.parse(text);
    if (typeof key !== "string" || typeof isEnrolled !== "boolean" || typeof run !== "number")
      return undefined;
    return { key, isEnrolled, run };
  } catch {
    return undefined;
  }
}

/** What a host is and runs now. Before everything was read nothing is said of its containers. */
export function hostNow(
  host: Pick<HostNow, "name" | "engine" | "version" | "labels">,
  watch: Watch | undefined,
  isReady: boolean,
): HostNow {
  const connected = watch?.status().connected ?? false;
  return {
    ...host,
    connected,
    ...(watch && isReady ? { containers: watch.containers().map(containerNow) } : {}),
  };
}

/** A container with its image and its Compose project, as far as they are known. */
export function containerNow({ name, running, subject }: LiveContainer) {
  const view = subject.views[0];
  const image = view?.image.state === "set" ? view.image.value : undefined;
  const project = view && projectOf(view);
  return { name, image, project, running } satisfies ContainerNow;
}
