import { container } from "../../model/container.ts";
import { type Engine, engine, forwardedSocket } from "../../model/engine.ts";
import { exec } from "../../model/exec.ts";
import { set, unseen } from "../../model/fact.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { EngineSubject, ExecSubject } from "../../model/subject.ts";
import type { Range } from "./passage.ts";
import { textOf, type Word } from "./word.ts";

/** What a script does to an Engine or to a running container, beside `docker run`. */
export type Act = { readonly at: Range } & (
  | { readonly kind: "exec"; readonly container: string; readonly user: string | undefined }
  | { readonly kind: "socket-mode"; readonly path: string; readonly mode: number }
  | {
      readonly kind: "dockerd";
      readonly addresses: readonly string[];
      readonly tls: "none" | "server" | "mutual";
    }
);

/** Whether a text may hold one: cheap, and never wrong in saying no. */
export function mentionsAct(text: string): boolean {
  return /\bexec\b[^\n]*--privileged|docker\.sock|\bdockerd\b/.test(text);
}

/** The act of a command behind its `sudo` and the like; undefined for any other command. */
export function actOf(words: readonly Word[], at: Range): Act | undefined {
  const texts = words.map((word) => textOf(word) ?? "");
  const program = texts[0]?.slice((texts[0]?.lastIndexOf("/") ?? -1) + 1) ?? "";
  if (/^(?:docker(?:-compose)?|podman)$/.test(program)) return execOf(texts, at);
  if (program === "chmod") return socketModeOf(texts, at);
  const forwarded = forwardedSocket(texts);
  if (forwarded !== undefined) return { kind: "dockerd", addresses: [forwarded], tls: "none", at };
  return program === "dockerd" ? dockerdOf(texts.slice(1), at) : undefined;
}

/** Options of `docker exec` and `docker compose exec` that take the next word. */
const execValues = /^(?:-[a-zA-Z]*[uew]|--user|--env|--env-file|--workdir|--detach-keys|--index)$/;

function execOf(texts: readonly string[], at: Range): Act | undefined {
  const start = texts.indexOf("exec");
  if (start === -1 || texts.slice(1, start).some((text) => /^(?:run|create|build)$/.test(text)))
    return undefined;
  let isPrivileged = false;
  let user: string | undefined;
  let index = start + 1;
  for (; index < texts.length; index += 1) {
    const text = texts[index] ?? "";
    if (!text.startsWith("-")) break;
    if (/^--privileged(?:=(?:true|1))?$/.test(text)) isPrivileged = true;
    if (/^(?:-u|--user)$/.test(text)) user = texts[index + 1];
    if (text.startsWith("--user=")) user = text.slice("--user=".length);
    if (execValues.test(text)) index += 1;
  }
  return isPrivileged ? { kind: "exec", container: texts[index] || "a container", user, at } : undefined;
}

function socketModeOf(texts: readonly string[], at: Range): Act | undefined {
  const [mode = "", ...paths] = texts
    .slice(1)
    .filter((text) => !/^-[a-zA-Z-]+$/.test(text) || /^-[rwx]+$/.test(text));
  const path = paths.find((each) => /(?:docker|podman|containerd)(?:\.raw)?\.sock(?:\.raw)?$/.test(each));
  const bits = othersOf(mode);
  return path === undefined || bits === 0 ? undefined : { kind: "socket-mode", path, mode: bits, at };
}

/** The bits that a mode gives: `666`, `a+rw`, `o=rw`, `+rw`; 0 where others get none. */
function othersOf(mode: string): number {
  if (/^[0-7]{3,4}$/.test(mode)) {
    const bits = Number.parseInt(mode, 8) & 0o777;
    return bits & 0o002 ? bits : 0;
  }
  const opens = mode
    .split(",")
    .some((clause) => /^(?:[ug]*[ao][ugoa]*)?[+=][rxX]*w/.test(clause) && !/^[ug]+[+=]/.test(clause));
  return opens ? 0o666 : 0;
}

function dockerdOf(texts: readonly string[], at: Range): Act | undefined {
  const addresses: string[] = [];
  for (const [index, text] of texts.entries()) {
    const inline = /^(?:--host=|-H=?)(.+)$/.exec(text)?.[1];
    if (inline !== undefined) addresses.push(inline);
    else if (text === "-H" || text === "--host") addresses.push(texts[index + 1] ?? "");
  }
  const on = (name: string) => texts.some((text) => text === name || text === `${name}=true`);
  const tls = on("--tlsverify") ? "mutual" : on("--tls") ? "server" : "none";
  return addresses.some((each) => each !== "") ? { kind: "dockerd", addresses, tls, at } : undefined;
}

/** The subjects that acts are judged as: an Engine for what is done to it, an exec process. */
export function actSubjects(
  acts: readonly Act[],
  file: string,
  locate: (at: Range) => FileOrigin,
): readonly (EngineSubject | ExecSubject)[] {
  return acts.map((act, index) => {
    const location = locate(act.at);
    if (act.kind === "exec") {
      const id = `${file}#${act.container}/exec@${location.startLine}`;
      const about = container("declared");
      const view = exec("declared", about, {
        privileged: set(true, location),
        ...(act.user !== undefined && { user: set(act.user, location) }),
      });
      const name = `${act.container}/exec`;
      return {
        kind: "exec",
        id,
        name,
        stableId: `${file}#exec:${index}`,
        source: "run-command",
        location,
        views: [view],
      };
    }
    const id = `${file}#${act.kind === "dockerd" ? "dockerd" : "docker.sock"}@${location.startLine}`;
    const view = engine("declared", { ...unseenEngine, ...engineFacts(act, location) });
    const name = act.kind === "dockerd" ? "dockerd" : "docker.sock";
    return {
      kind: "engine",
      id,
      name,
      stableId: `${file}#${name}:${index}`,
      source: "run-command",
      location,
      views: [view],
    };
  });
}

function engineFacts(act: Exclude<Act, { readonly kind: "exec" }>, location: FileOrigin): Partial<Engine> {
  return act.kind === "dockerd"
    ? { listenAddresses: act.addresses.map((address) => set({ address, tls: act.tls }, location)) }
    : { socketFiles: [set({ path: act.path, mode: act.mode, uid: 0, gid: 0 }, location)] };
}

/** An Engine of which a file tells only what it is given. */
export const unseenEngine: Partial<Engine> = Object.fromEntries(
  Object.entries(engine("declared")).flatMap(([field, fact]): readonly (readonly [string, unknown])[] => {
    if (typeof fact !== "object") return [];
    const open = unseen("the file does not say how its dockerd is configured");
    return [[field, "state" in fact ? open : [open]]];
  }),
);
