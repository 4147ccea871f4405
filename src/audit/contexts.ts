import { bareContext, type Context } from "../controls/control.ts";
import type { Container } from "../model/container.ts";
import type { Engine } from "../model/engine.ts";
import type { Subject } from "../model/subject.ts";

/** What the audit as a whole knows, for the contexts of its subjects. */
export interface Surroundings {
  /** The containers of each file, by name. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, Container>>;
  /** The engine that files will run on, as far as this audit sees it. */
  readonly engine: Engine | undefined;
  /** Live containers by name and by id. */
  readonly live: ReadonlyMap<string, Container>;
  readonly running: Context["running"];
  readonly sight?: Context["sight"];
  /** What bulkhead.yaml asks of images. */
  readonly images?: Context["images"];
  /** Today, YYYY-MM-DD. */
  readonly today?: string | undefined;
  /** What proofs lost, by the subject's id; undefined where nobody proves again and again. */
  readonly lostProofs?: ReadonlyMap<string, NonNullable<Context["lostProofs"]>> | undefined;
  /** What a watch saw of the differences between the kernel and the Engine, by the subject's id. */
  readonly drifts?: ReadonlyMap<string, NonNullable<Context["drifts"]>> | undefined;
}

/** Indexes the containers that files declare. If a file has a name twice, the first one counts. */
export function containersByFile(subjects: readonly Subject[]): Surroundings["files"] {
  const files = new Map<string, Map<string, Container>>();
  for (const subject of subjects) {
    const view = subject.kind === "container" && !isLive(subject) ? subject.views[0] : undefined;
    if (!view) continue;
    const names = files.get(fileOf(subject)) ?? new Map<string, Container>();
    files.set(fileOf(subject), names);
    if (!names.has(subject.name)) names.set(subject.name, view);
  }
  return files;
}

/** The context of one subject. A file's peers are those of the same file, a live container's those of its Engine. */
export function contextOf(subject: Subject, around: Surroundings): Context {
  if (isLive(subject)) {
    return bareContext(subject.source, {
      engine: around.engine,
      peer: (reference) => around.live.get(reference.replace(/^\//, "")),
      running: around.running,
      sight: around.sight,
      images: around.images,
      today: around.today,
      subject: subject.name,
      lostProofs: around.lostProofs && (around.lostProofs.get(subject.id) ?? []),
      drifts: around.drifts?.get(subject.id),
      configured:
        subject.kind === "container" ? subject.views.find(({ level }) => level === "configured") : undefined,
    });
  }
  const peers = around.files.get(fileOf(subject));
  return bareContext(subject.source, {
    engine: subject.kind === "engine" ? undefined : around.engine,
    peer: (reference) => peers?.get(reference),
    images: around.images,
    today: around.today,
  });
}

function isLive(subject: Subject): boolean {
  return subject.source === "engine-api" || subject.source === "kernel";
}

function fileOf(subject: Subject): string {
  return subject.id.slice(0, subject.id.lastIndexOf("#"));
}
