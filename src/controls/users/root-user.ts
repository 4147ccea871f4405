import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import { isOpen, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Context, Control, Remedy } from "../control.ts";
import { judgeProcesses, nameProcesses, originsIn } from "../processes.ts";
import { type StartingUser, startingUser } from "./starting-user.ts";
import { isRootText } from "./user-text.ts";

export const rootUser: Control = {
  id: "root-user",
  title: "Runs as root",
  why: "root in a container is root on the host, unless user namespaces remap it: only the container's walls are between them. Every hole in the runtime, every writable mount and every socket is worth more to root. If no user is set, the image's user counts, and for most images that is root. A server that starts as root and then drops to another user weighs less, but each restart begins as root again.",
  row: "2.11",
  severity: "medium",
  guard: "harden",
  severityIfHeld: "low",
  cis: ["4.1"],
  attack: ["T1611", "T1548"],
  cwe: [250],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#user",
    "https://docs.docker.com/reference/compose-file/services/#user",
    "https://docs.docker.com/engine/security/userns-remap/",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --user 0:0 alpine" },
      { syntax: "run", text: "docker run nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    user: root\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --user 1000:1000 alpine" },
      { syntax: "compose", text: 'services:\n  web:\n    image: nginx\n    user: "101"\n' },
    ],
  },
  check: {
    container: (container, context) =>
      container.level === "effective" ? judgeKernel(container) : judgeStart(container, context),
  },
  remedy: {
    container: (container): Remedy<ContainerPatch> => ({
      kind: "decision",
      summary: "Run it as another user, one that the image prepares for; 1000:1000 is a starting point.",
      patches: [user(container)],
      breaks:
        "Files that belong to root cannot be written (EACCES, “Permission denied”): give its volumes to the user. An entrypoint that starts as root to change owners and drop (redis, postgres, nginx) takes the user that it drops to.",
    }),
  },
};

function judgeStart(container: Container, context: Context): Verdict {
  const starting = startingUser(container);
  if (!starting.known) return unknown(starting.reason, starting.origins);
  if (!starting.isRoot) return pass(`user ${starting.user}`);
  const remapped = remapping(container, context);
  const consequence = remapped
    ? `uid 0 inside is an unprivileged user of the host (${remapped}), which still owns all that the container has`
    : "if it escapes, it is root on the host";
  return fail(`${sayStart(starting)}; ${consequence}`, {
    origins: starting.origins,
    severity: remapped ? "low" : undefined,
    observed: "starts as root",
  });
}

function sayStart({ user: asked, saidBy }: Extract<StartingUser, { known: true }>): string {
  if (saidBy === "table") return "sets no user, and this image is known to start as root";
  if (asked === "") return "starts as root: neither it nor its image sets a user";
  return saidBy === "image" ? `starts as ${asked}, the image's user` : `starts as ${asked}`;
}

/** What maps root to another user of the host, in a few words. */
function remapping({ usernsMode }: Container, { engine }: Context): string | undefined {
  if (!engine) return undefined;
  if (valueOr(engine.rootless, false)) return "the engine is rootless";
  const optsOut = isOpen(usernsMode) || (usernsMode.state === "set" && usernsMode.value.mode === "host");
  return valueOr(engine.usernsRemap, "") !== "" && !optsOut ? "userns-remap" : undefined;
}

/** The uid that each process has now. */
function judgeKernel(container: Container): Verdict {
  return judgeProcesses(
    container,
    (process) => process.uid,
    (uid) => uid === 0,
    {
      bad(processes) {
        const isRemapped = processes.every(isOtherOnHost);
        const host = isRemapped
          ? `uid 0 inside is uid ${hostUid(processes)} on the host`
          : "uid 0 on the host too";
        return fail(`${nameProcesses(processes)} runs as root: ${host}`, {
          origins: originsIn(processes, ({ uid }) => uid),
          severity: isRemapped ? "low" : undefined,
          observed: "root",
        });
      },
      good: () => pass(`every process runs as another user${namedUids(container)}`),
    },
  );
}

function isOtherOnHost({ hostUid: uid }: Process): boolean {
  return uid.state === "set" && uid.value !== 0;
}

function hostUid(processes: readonly Process[]): number {
  return processes[0] ? valueOr(processes[0].hostUid, 0) : 0;
}

function namedUids({ processes }: Container): string {
  const uids = [...new Set(processes.flatMap(({ uid }) => (uid.state === "set" ? [uid.value] : [])))];
  return uids.length > 0 ? ` (uid ${uids.slice(0, 3).join(", ")})` : "";
}

/** Where the image has a user of its own that is not root, nothing need be set. */
function user({ user: asked, imageUser }: Container): ContainerPatch {
  const isOverridden = asked.state === "set" && imageUser.state === "set" && !isRootText(imageUser.value);
  return isOverridden ? { op: "unset", field: "user" } : { op: "set", field: "user", value: "1000:1000" };
}
