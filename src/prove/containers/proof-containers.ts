import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isOrphan, ownLabel } from "../../engine/owner.ts";
import type { EngineWriter } from "../../engine/write-client.ts";
import type { Loosened } from "../attribution.ts";
import { helperProgram } from "../helper/elf.ts";
import { atFdCwd, errnoOf, open, folder as tree } from "../helper/errno.ts";
import { type Plan, program } from "../helper/program.ts";
import type { Looser, Probe, ProbeTarget } from "../probe.ts";
import type { Provable } from "../subject/subject.ts";
import { fileArchive } from "./archive.ts";
import { hostNamespacesBody, openBody, sacrificeBody, twinBody } from "./bodies.ts";
import { loosened } from "./loosen.ts";
import {
  execHelper,
  type ProofContext,
  startTestContainer,
  type TestContainer,
  takeAway,
} from "./test-container.ts";

/** The containers of one proof, made when they are needed and made anew where an experiment ended one. */
export interface ProofContainers {
  subject(): Promise<Result<TestContainer>>;
  looser(kind: Looser): Promise<Result<TestContainer>>;
  /** The running container itself, entered as `--in-place` enters it. */
  present(): Promise<Result<TestContainer>>;
  /** A twin that lacks these controls, the same one for anyone who asks again. */
  readonly loosened: Loosened;
  dismiss(): Promise<void>;
}

/** How often a container that ended is made anew. */
const mostLives = 5;

export function openContainers(
  subject: Provable,
  {
    inPlace,
    signal,
    probes,
  }: { readonly inPlace: boolean; readonly signal: AbortSignal; readonly probes: readonly Probe[] },
  context: ProofContext,
): ProofContainers {
  const common = { image: subject.twin.image, label: [labelName, ownLabel()] as const };
  const twin = { ...subject.twin, ...common };
  let closeInPlace = () => {};
  const makers = {
    subject: async (): Promise<Result<TestContainer>> =>
      inPlace
        ? await makers.present()
        : await startTestContainer(twinBody(twin), "subject", context, sacrificeBody(twin)),
    present: async (): Promise<Result<TestContainer>> => {
      const current = await useInPlace(subject, context);
      if (current.ok) closeInPlace = current.value.close;
      return current;
    },
    open: () => startTestContainer(openBody(common), "looser", context),
    hostNamespaces: async () => {
      // Where the Engine's socket is elsewhere its mount is refused, and so is the host's IPC namespace where that has no
      // /dev/mqueue. The others are shown all the same.
      const sockets = subject.socket === undefined ? [undefined] : [subject.socket, undefined];
      const ways = [true, false].flatMap((ipc) => sockets.map((socket) => ({ socket, ipc })));
      let made: Result<TestContainer> = failed("it was not tried");
      for (const way of ways) {
        made = await startTestContainer(hostNamespacesBody(common, way), "looser", context);
        if (made.ok || signal.aborted) return made;
      }
      return made;
    },
  };
  const lives = new Map<keyof typeof makers, number>();
  const current = new Map<keyof typeof makers, Promise<Result<TestContainer> | undefined>>();

  async function next(
    who: keyof typeof makers,
    now: Result<TestContainer> | undefined,
  ): Promise<Result<TestContainer>> {
    const life = lives.get(who) ?? 0;
    if (now && (!now.ok || now.value.alive() || life >= mostLives)) return now;
    if (signal.aborted) return failed("it was interrupted");
    if (now?.ok && who !== "present" && !(who === "subject" && inPlace))
      await takeAway(now.value.id, context);
    lives.set(who, life + 1);
    return await makers[who]();
  }
  /** One after the other for each, so that two who ask at once get the same container. */
  function present(who: keyof typeof makers): Promise<Result<TestContainer>> {
    const made = (current.get(who) ?? Promise.resolve(undefined)).then((now) => next(who, now));
    current.set(who, made);
    return made;
  }

  const loose = new Map<string, Promise<Result<ProbeTarget>>>();
  const loosenedOnce: Loosened = async (controls) => {
    const request = loosened(twin, controls, subject.socket);
    if (signal.aborted) return failed("it was interrupted");
    const made = await startTestContainer(twinBody(request), "subject", context, sacrificeBody(request));
    return made.ok ? ok(made.value.target) : made;
  };

  // Side by side: each takes the Engine some hundred milliseconds.
  for (const who of ["subject", ...loosersOf(probes)] as const) void present(who);
  return {
    subject: () => present("subject"),
    looser: (kind) => present(kind),
    present: () => present("present"),
    loosened(controls) {
      const key = controls.toSorted().join();
      const made = loose.get(key) ?? loosenedOnce(controls);
      loose.set(key, made);
      return made;
    },
    async dismiss() {
      await Promise.all(loose.values());
      await Promise.all(current.values());
      closeInPlace();
      await Promise.all([...context.made].map((container) => takeAway(container, context)));
    },
  };
}

function loosersOf(probes: readonly Probe[]): readonly Looser[] {
  const needed = new Set(probes.map(({ looser }) => looser));
  return [...needed];
}

/** The label that marks prove's throw-away containers. */
export const labelName = "bulkhead.prove";

/** Seconds after which a container of another machine's proof is taken for forgotten: no proof takes so long. */
const forgotten = 15 * 60;

/**
 * Takes away what a proof that was killed left behind: containers with bulkhead's label whose maker is gone. `now` is in
 * seconds since 1970. Gives how many. What cannot be taken away now is tried again at the next start.
 */
export async function sweep(reader: EngineClient, writer: EngineWriter, now: number): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [labelName] }));
  const list = await reader.get(`/containers/json?all=1&filters=${filters}`);
  if (!list.ok) return 0;
  let gone = 0;
  for (const each of itemsOf(list.value).filter(isRecord)) {
    const label = recordAt(each, "Labels")[labelName];
    const id = textAt(each, "Id");
    const created = typeof each.Created === "number" ? each.Created : now;
    if (typeof label !== "string" || id === undefined) continue;
    if (!(isOrphan(label) ?? now - created > forgotten)) continue;
    const removed = await writer.delete(`/containers/${id}?force=1&v=1`);
    if (removed.ok) gone += 1;
  }
  return gone;
}

/**
 * Starts the helper in the container itself, as its user, by an exec without any privilege of its own. The helper's file is
 * taken away again before anything is tried: the process goes on without it.
 */
async function useInPlace(
  { running, isHere }: Provable,
  context: ProofContext,
): Promise<Result<TestContainer & { readonly close: () => void }>> {
  if (!running) return failed("it is not running: start it, or prove its twin without --in-place");
  const { id, readOnly, pid } = running;
  const name = `.bulkhead-prove-${randomBytes(6).toString("hex")}`;
  const path = readOnly ? `/dev/${name}` : `/${name}`;
  const brought = readOnly
    ? await throughProc(path, { pid, isHere, id }, context)
    : await context.engine.streams.putArchive(
        `/containers/${id}/archive?path=%2F`,
        fileArchive(name, context.architecture),
      );
  if (!brought.ok) return failed(`the helper cannot be copied into it: ${brought.reason}`);
  const session = await execHelper(id, { user: undefined, program: path }, context);
  const begun = session.ok ? await session.value.run(emptyPlan) : session;
  const root = await execHelper(id, { user: "0", program: path }, context);
  const removed = root.ok ? await root.value.run(unlink(path)) : root;
  if (root.ok) root.value.close();
  if (!removed.ok || removed.value !== undefined) {
    if (session.ok) session.value.close();
    const why = removed.ok ? removed.value : removed.reason;
    return failed(`the helper ${path} could not be removed from it: ${why} (remove it by hand)`);
  }
  if (!session.ok || !begun.ok) return failed(session.ok ? "the helper does not run in it" : session.reason);
  let alive = true;
  const never = async () => failed("that is not done in place");
  const target: ProbeTarget = {
    role: "subject",
    facts: context.facts,
    async run(plan) {
      const outcome = await session.value.run(plan);
      if (!outcome.ok) alive = false;
      return outcome;
    },
    runSetuid: never,
    throughSetuid: undefined,
    beside: never,
    sacrifice: never,
    stats: never,
    cgroupFile: () => undefined,
  };
  return ok({ id, target, alive: () => alive, close: () => session.value.close() });
}

const emptyPlan: Plan<undefined> = (builder) => {
  builder.call("getpid");
  return () => undefined;
};

/** The error's name, or undefined where it is gone. */
function unlink(path: string): Plan<string | undefined> {
  return (builder) => {
    const call = builder.call("unlinkat", atFdCwd, builder.text(path), 0);
    return (ran) => errnoOf(ran.result(call) ?? -1);
  };
}

/**
 * Into the /dev of a container whose root file system is read-only: a tmpfs that the runtime leaves writable. The helper
 * itself, on the host and below the container's root (chroot), writes it there, so that no symbolic link of the container
 * leads out of it.
 */
async function throughProc(
  path: string,
  { pid, isHere, id }: { readonly pid: number; readonly isHere: boolean; readonly id: string },
  { architecture, kernel, patience }: ProofContext,
): Promise<Result<undefined>> {
  if (!isHere || !kernel) {
    return failed(
      "its root file system is read-only, and the Engine's host is not this machine (prove it without --in-place)",
    );
  }
  if (pid <= 0 || process.getuid?.() !== 0)
    return failed("its root file system is read-only: only root can place the helper beside it");
  const bytes = helperProgram(architecture);
  if (!whoIs(kernel.proc, pid).includes(id))
    return failed("its first process is not visible on this machine");
  const made = program((builder) => {
    const root = builder.call("openat", atFdCwd, builder.text(`${kernel.proc}/${pid}/root`), tree, 0);
    const flags = open.writeOnly | open.create | open.exclusive | open.closeOnExec;
    // struct open_how: flags, mode, RESOLVE_IN_ROOT
    const how = builder.words(flags, 0o755, 0x10);
    const file = builder.call("openat2", root, builder.text(path), how, 24);
    builder.call("fchmod", file, 0o755);
    const written = builder.call("write", file, builder.bytes(bytes), bytes.length);
    builder.call("close", file);
    return (ran) => {
      const results = [root, file, written].map((call) => errnoOf(ran.result(call) ?? -1));
      return results.find((error) => error !== undefined);
    };
  });
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-prove-"));
  try {
    const local = join(folder, "helper");
    writeFileSync(local, bytes, { mode: 0o700 });
    const answer = await runHere(local, made.encode(architecture), patience);
    if (!answer.ok) return answer;
    const error = made.read(answer.value);
    return error === undefined ? ok(undefined) : failed(`its /dev does not accept it (${error})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the kernel says of the cgroups of a process, which are named after its container. */
function whoIs(proc: string, pid: number): string {
  try {
    return readFileSync(`${proc}/${pid}/cgroup`, "utf8");
  } catch {
    return "";
  }
}

function runHere(path: string, input: Buffer, patience: number): Promise<Result<Buffer>> {
  return new Promise((resolve) => {
    const child = spawn(path, { stdio: ["pipe", "pipe", "ignore"], timeout: patience });
    const chunks: Buffer[] = [];
    child.on("error", () => resolve(failed("the helper does not run on this machine")));
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on("error", () => {});
    child.on("close", () => {
      const answer = Buffer.concat(chunks);
      resolve(answer.length === input.length ? ok(answer) : failed("the helper ended too early"));
    });
    child.stdin.end(input);
  });
}
