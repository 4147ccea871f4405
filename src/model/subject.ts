import type { Container } from "./container.ts";
import type { Engine } from "./engine.ts";
import type { Exec } from "./exec.ts";
import type { Image } from "./image.ts";
import type { FileOrigin } from "./origin.ts";

/** Where subjects are read. Each format of files adds its own, in its `format.ts`. */
export interface Sources {
  readonly "engine-api": true;
  readonly kernel: true;
}

export type Source = keyof Sources;

export type View = Container | Engine | Image | Exec;
export type SubjectKind = View["kind"];

/**
 * What is judged, with every view of it: a service has one (declared), a live container two where the
 * kernel is visible (configured, effective).
 */
export type Subject =
  | SubjectOf<"container", Container>
  | SubjectOf<"engine", Engine>
  | SubjectOf<"image", Image>
  | SubjectOf<"exec", Exec>;

export interface SubjectOf<K extends SubjectKind, V extends View> {
  readonly kind: K;
  /** Unique in a report: `compose.yaml#web`, `container:web`, `engine`. */
  readonly id: string;
  readonly name: string;
  /**
   * What fingerprints are made from: the id, or where that holds a line number or a random part, something
   * that stays when lines move.
   */
  readonly stableId: string;
  readonly source: Source;
  /** The whole of its definition in a file, where it has one. */
  readonly location: FileOrigin | undefined;
  /** Weakest level first. */
  readonly views: readonly V[];
  /** The container that this very bulkhead runs in. */
  readonly isBulkhead?: boolean;
}

export type ContainerSubject = SubjectOf<"container", Container>;
export type EngineSubject = SubjectOf<"engine", Engine>;
export type ImageSubject = SubjectOf<"image", Image>;
export type ExecSubject = SubjectOf<"exec", Exec>;
