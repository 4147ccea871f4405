import { randomUUID } from "node:crypto";
import type { NameValue } from "../../model/container-values.ts";
import type { ArchivedDockerfile } from "../judge/archived.ts";

/** Each client's running sessions and builds. A client cannot join another's. */
export interface Builds {
  /** False where another client has a session of that name. */
  openSession(id: string, client: string): boolean;
  closeSession(id: string): void;
  /** Whether the session is this client's; waits a moment for one that is being opened. */
  isOwnSession(id: string, client: string): Promise<boolean>;
  /** Its start is under judgement until the returned function is called: questions about it wait as long. */
  judgesBuild(ref: string, client: string): () => void;
  /** False where another client has a build of that name. */
  beginBuild(ref: string, client: string): boolean;
  /** Ends the wait for it; later questions of the same client get the reason. */
  refuseBuild(ref: string, client: string, reason: string): void;
  refusalOf(ref: string, client: string): string | undefined;
  /**
   * Notes arguments that builds of a session have; the Dockerfiles that it sends are judged with each. False where the client's
   * account has no room for more, as for Dockerfiles and archives.
   */
  noteArguments(session: string, args: Arguments): boolean;
  argumentsOf(session: string): readonly Arguments[];
  /** The Dockerfiles that the session has sent, for builds that begin later. */
  noteDockerfile(session: string, text: string): boolean;
  dockerfilesOf(session: string): readonly string[];
  /** The path under which BuildKit asks the session for an archive, in one build and no other; undefined where it has too many. */
  noteUpload(session: string, upload: Upload): string | undefined;
  uploadOf(session: string, path: string): Upload | undefined;
  sessionOf(ref: string): string;
  noteSession(ref: string, session: string): void;
  /** The same for a build whose start may still be under judgement. */
  isOwnBuild(ref: string, client: string): Promise<boolean>;
}

export type Arguments = readonly NameValue[];

/** An archive that a client sends as the context of a build. */
export interface Upload extends ArchivedDockerfile {
  /** The client's own path for it. */
  readonly path: string;
}

/** Archives of one session, and sets of arguments. */
const mostUploads = 256;

/** Where what a session keeps until its end does not fit. */
export const tooMuch =
  "bulkhead: this session or client keeps too many Dockerfiles, arguments or archives (guard-buildkit)";

/** Where what sessions keep is held: the account of each client's request bodies. */
export interface Keeping {
  holdBytes(client: string, bytes: number): boolean;
  releaseBytes(client: string, bytes: number): void;
}

/** Refused builds that clients may still ask about, and characters of the reason for each. */
const keptRefusals = { most: 1_000, reason: 512 };

/** Characters of a session's or build's name: clients make random ones of 25. */
const longestName = 128;

/** Builds are remembered after their end, when clients ask how they went. */
const remembered = 10_000;

/** Milliseconds: BuildKit waits as long for what is named before it has begun. */
const patience = 3_000;

export function openBuilds(keeping?: Keeping): Builds {
  const sessions = owners();
  /** Bytes that each session keeps, and whose they are. */
  const kept = new Map<string, { readonly client: string; bytes: number }>();
  function keep(session: string, value: unknown): boolean {
    const client = sessions.ownerOf(session);
    if (client === undefined) return false;
    const bytes = 2 * JSON.stringify(value).length;
    if (keeping && !keeping.holdBytes(client, bytes)) return false;
    kept.set(session, { client, bytes: (kept.get(session)?.bytes ?? 0) + bytes });
    return true;
  }
  const builds = owners();
  const judged = new Set<string>();
  const args = new Map<string, Arguments[]>();
  const dockerfiles = new Map<string, Set<string>>();
  const uploads = new Map<string, Map<string, Upload>>();
  const refusals = new Map<string, string>();
  const sessionOf = new Map<string, string>();
  return {
    openSession: sessions.begin,
    closeSession(id) {
      sessions.end(id);
      args.delete(id);
      dockerfiles.delete(id);
      uploads.delete(id);
      const { client = "", bytes = 0 } = kept.get(id) ?? {};
      kept.delete(id);
      if (bytes > 0) keeping?.releaseBytes(client, bytes);
    },
    noteArguments(session, own) {
      // Nothing is sent without a session.
      if (session === "") return true;
      const all = args.get(session) ?? [];
      const said = JSON.stringify(own);
      if (all.some((each) => JSON.stringify(each) === said)) return true;
      if (all.length >= mostUploads || !keep(session, own)) return false;
      args.set(session, [...all, own]);
      return true;
    },
    argumentsOf: (session) => args.get(session) ?? [[]],
    noteDockerfile(session, text) {
      const own = dockerfiles.get(session) ?? new Set();
      if (own.has(text)) return true;
      if (!keep(session, text)) return false;
      dockerfiles.set(session, own.add(text));
      return true;
    },
    dockerfilesOf: (session) => [...(dockerfiles.get(session) ?? [])],
    noteUpload(session, upload) {
      const own = uploads.get(session) ?? new Map<string, Upload>();
      uploads.set(session, own);
      if (own.size >= mostUploads || !keep(session, upload)) return undefined;
      const path = `/${randomUUID()}`;
      own.set(path, upload);
      return path;
    },
    uploadOf: (session, path) => uploads.get(session)?.get(path),
    sessionOf: (ref) => sessionOf.get(ref) ?? "",
    noteSession(ref, session) {
      sessionOf.set(ref, session);
      if (sessionOf.size > remembered) sessionOf.delete(sessionOf.keys().next().value ?? "");
    },
    isOwnSession: sessions.isOwn,
    judgesBuild(ref, client) {
      judged.add(`${client} ${ref}`);
      return () => judged.delete(`${client} ${ref}`);
    },
    beginBuild: builds.begin,
    refuseBuild(ref, client, reason) {
      if (ref.length <= longestName) refusals.set(`${client} ${ref}`, reason.slice(0, keptRefusals.reason));
      if (refusals.size > keptRefusals.most) refusals.delete(refusals.keys().next().value ?? "");
      builds.wake(ref);
    },
    refusalOf: (ref, client) => refusals.get(`${client} ${ref}`),
    async isOwnBuild(ref, client) {
      const isJudged = () =>
        ref !== "" && builds.ownerOf(ref) === undefined && judged.has(`${client} ${ref}`);
      let isOwn = await builds.isOwn(ref, client);
      while (!isOwn && isJudged()) isOwn = await builds.isOwn(ref, client);
      return isOwn;
    },
  };
}

/** Which client each name belongs to. */
function owners() {
  const byName = new Map<string, string>();
  const waiting = new Map<string, Set<() => void>>();

  function begun(name: string): Promise<void> {
    return new Promise((resolve) => {
      const all = waiting.get(name) ?? new Set();
      waiting.set(name, all);
      const wake = () => {
        clearTimeout(timer);
        all.delete(wake);
        if (all.size === 0) waiting.delete(name);
        resolve();
      };
      const timer = setTimeout(wake, patience).unref();
      all.add(wake);
    });
  }

  function wakeAll(name: string): void {
    for (const wake of waiting.get(name) ?? []) wake();
  }

  return {
    begin(name: string, client: string): boolean {
      const owner = byName.get(name);
      if (name === "" || name.length > longestName || (owner !== undefined && owner !== client)) return false;
      byName.set(name, client);
      if (byName.size > remembered) byName.delete(byName.keys().next().value ?? "");
      wakeAll(name);
      return true;
    },
    wake: wakeAll,
    ownerOf: (name: string) => byName.get(name),
    end: (name: string) => void byName.delete(name),
    async isOwn(name: string, client: string): Promise<boolean> {
      if (name === "") return false;
      if (!byName.has(name)) await begun(name);
      return byName.get(name) === client;
    },
  };
}
