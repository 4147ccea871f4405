import { existsSync } from "node:fs";
import { failed, ok, type Result } from "../../base/result.ts";
import { mentionsDockerRun } from "../../formats/run-command/script-host.ts";
import type { LearnOptions } from "./options.ts";

/** What is learnt from. */
export type LearnTarget =
  | {
      readonly kind: "files";
      /** Undefined where --file names all. */
      readonly path: string | undefined;
      /** One service or container of it. */
      readonly subject: string | undefined;
    }
  /** A `docker run` line without a file. */
  | { readonly kind: "line"; readonly name: string; readonly text: string }
  | { readonly kind: "container"; readonly name: string };

/** What a `docker run` line without a file is called. */
const lineName = "docker run";

/** Tells what a target is. Fails with what to write instead. */
export function learnTargetOf(target: string | undefined, options: LearnOptions): Result<LearnTarget> {
  if (options.run !== undefined) {
    if (target !== undefined) return failed("--run gives the line to learn from: name no other target");
    return ok({ kind: "line", name: lineName, text: options.run });
  }
  if (target === undefined) {
    return options.file.length > 0
      ? ok({ kind: "files", path: undefined, subject: undefined })
      : failed("name a Compose file, a service of it as compose.yaml#web, a docker run line or image:NAME");
  }
  if (target.startsWith("container:")) {
    const name = target.slice("container:".length);
    return name === "" ? failed("container: needs a name: container:web") : ok({ kind: "container", name });
  }
  if (target.startsWith("image:")) return imageLine(target);
  if (target.includes(" ") && mentionsDockerRun(target) && !existsSync(target)) {
    return ok({ kind: "line", name: lineName, text: target });
  }
  const at = existsSync(target) ? -1 : target.lastIndexOf("#");
  const path = at < 0 ? target : target.slice(0, at);
  const subject = at < 0 ? undefined : target.slice(at + 1);
  return ok({ kind: "files", path: path === "" ? undefined : path, subject });
}

/** An image is learnt from as `docker run -d IMAGE` starts it. */
function imageLine(target: string): Result<LearnTarget> {
  const image = target.slice("image:".length);
  if (!/^[a-z0-9][\w./:@-]*$/i.test(image)) {
    return failed(`${target} names no image: write it as docker run takes it, image:nginx:1.27`);
  }
  return ok({ kind: "line", name: target, text: `docker run -d ${image}` });
}
