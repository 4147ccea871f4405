import { bareContext, type Context } from "../controls/control.ts";
import type { Container } from "../model/container.ts";
import type { Engine } from "../model/engine.ts";
import type { ContainerSubject, Subject } from "../model/subject.ts";

/** What the audit as a whole knows, for the contexts of its subjects. */
export interface Surroundings {
  readonly subjects: readonly Subject[];
  /** The engine that files will run on, as far as this audit sees it. */
  readonly engine: Engine | undefined;
  /** Names and ids of live containers. */
  readonly live: ReadonlyMap<string, Container>;
  readonly running: Context["running"];
}

/** The context of one subject. A file's peers are those of the same file, a live container's those of its Engine. */
export function contextOf(subject: Subject, around: Surroundings): Context {
  if (isLive(subject)) {
    return bareContext(subject.source, {
      engine: around.engine,
      peer: (reference) => around.live.get(reference.replace(/^\//, "")),
      running: around.running,
    });
  }
  return bareContext(subject.source, {
    engine: subject.kind === "engine" ? undefined : around.engine,
    peer: (reference) => peerInFile(reference, subject, around.subjects),
  });
}

export function isLive(subject: Subject): boolean {
  return subject.source === "engine-api" || subject.source === "kernel";
}

function peerInFile(
  reference: string,
  subject: Subject,
  subjects: readonly Subject[],
): Container | undefined {
  const file = fileOf(subject);
  const peer = subjects.find(
    (each): each is ContainerSubject =>
      each.kind === "container" && each.name === reference && fileOf(each) === file && each.id !== subject.id,
  );
  return peer?.views[0];
}

function fileOf(subject: Subject): string {
  return subject.id.slice(0, subject.id.lastIndexOf("#"));
}
