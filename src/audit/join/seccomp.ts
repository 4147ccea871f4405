import { basename, dirname, isAbsolute, join } from "node:path";
import type { Result } from "../../base/result.ts";
import { allowsAll, opensBy } from "../../formats/values/seccomp.ts";
import type { Engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Files } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";

/** Files that tell how this machine's own dockerd is started, so that the paths in them are this machine's. */
const ownFiles = /^\/(?:etc\/docker|(?:etc|run|(?:usr\/(?:local\/)?)?lib)\/systemd\/system)\//;

/**
 * Tells an engine that a file describes whether its seccomp profile is one: its own path is looked up where the file is of
 * this machine, and a file of that name beside it where it is of another.
 */
export function joinSeccomp(subject: Subject, io: Files): Subject {
  if (subject.kind !== "engine" || subject.source !== "daemon-json") return subject;
  return {
    ...subject,
    views: subject.views.map((view) => withProfile(view, (path) => readBeside(view, path, io))),
  };
}

function readBeside({ seccompProfile }: Engine, path: string, io: Files): Result<string> | undefined {
  const origin = seccompProfile.state === "set" ? seccompProfile.origins.find(isFileOrigin) : undefined;
  if (!origin) return undefined;
  const isOwn = isAbsolute(path) && ownFiles.test(origin.file);
  const found = isOwn ? path : join(dirname(origin.file), basename(path));
  return io.exists(found) ? io.read(found) : undefined;
}

/** The engine with what its profile's file says, where it has one and `read` finds that. */
export function withProfile(view: Engine, read: (path: string) => Result<string> | undefined): Engine {
  const { seccompProfile } = view;
  if (seccompProfile.state !== "set" || /^(?:unconfined|builtin|default|)$/.test(seccompProfile.value))
    return view;
  const text = read(seccompProfile.value);
  const open = text?.ok ? allowsAll(text.value) : undefined;
  const opens = text?.ok ? opensBy(text.value) : undefined;
  return open === undefined || !opens
    ? view
    : {
        ...view,
        seccompAllowsAll: set(open, ...seccompProfile.origins),
        seccompOpens: set(opens, ...seccompProfile.origins),
      };
}
