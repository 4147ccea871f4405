import type { Context } from "../controls/control.ts";
import type { Container } from "../model/container.ts";
import type { Reading } from "../model/reading.ts";
import type { EngineSubject, ImageSubject } from "../model/subject.ts";

/** The Engine and what runs on it, as an audit takes it in. */
export interface Live {
  readonly reading: Reading;
  readonly engine: EngineSubject | undefined;
  /** Every image that was read, judged or not: they tell who runs. */
  readonly images: readonly ImageSubject[];
  /** Containers by name and by id, for `container:` modes and `--volumes-from`. */
  readonly peers: ReadonlyMap<string, Container>;
  readonly running: Context["running"];
  /** In words: `the Engine at unix:///var/run/docker.sock, 12 containers`. */
  readonly looked: readonly string[];
}
