import { basename } from "node:path";
import { mentionsAct } from "./acts.ts";

/** What kind of file a shell text stands in. */
export type ScriptHost = "shell" | "markdown" | "makefile" | "github-actions" | "gitlab-ci" | "systemd";

/** By the file's name alone; a script without an extension shows itself by its shebang. */
export function scriptHostOf(path: string): ScriptHost | undefined {
  const name = basename(path);
  const lower = name.toLowerCase();
  if (/\.(?:sh|bash|dash|ksh)$/.test(lower)) return "shell";
  if (/\.(?:md|markdown|mdx|mkd)$/.test(lower)) return "markdown";
  if (/^(?:gnu)?makefile(?:\..+)?$/.test(lower) || lower.endsWith(".mk") || lower.endsWith(".mak"))
    return "makefile";
  if (/(?:^|\/)\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/.test(path.replaceAll("\\", "/")))
    return "github-actions";
  if (/^action\.ya?ml$/.test(lower)) return "github-actions";
  if (/\.gitlab-ci\.ya?ml$/.test(lower)) return "gitlab-ci";
  if (/\.(?:service|socket|timer)$/.test(lower)) return "systemd";
  return undefined;
}

/** Whether a text may hold a `docker run`, `podman create`, `nerdctl run` or `docker service update`: cheap, and never wrong in saying no. */
export function mentionsDockerRun(text: string): boolean {
  const runs = /(?<![A-Za-z])(?:run|create|service\W+update)(?![A-Za-z])/;
  return /docker|podman|nerdctl/i.test(text) && runs.test(text);
}

/**
 * Whether a script may do something with Docker that is judged: run a container, open the Engine, or hold a credential beside
 * a docker command. Cheap, and never wrong in saying no.
 */
export function isScriptOfDocker(text: string): boolean {
  if (mentionsDockerRun(text) || mentionsAct(text)) return true;
  return (
    /(?:docker|podman)(?:-compose)?[ \t]/.test(text) &&
    /pass|secret|token|key|auth|login|credential|:\/\/|BEGIN|[ \t]-[a-z]*[pu]/i.test(text)
  );
}
