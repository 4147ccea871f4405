import { container } from "../../model/container.ts";
import { type Engine, engine, forwardedSocket } from "../../model/engine.ts";
import { exec } from "../../model/exec.ts";
import { set, unseen } from "../../model/fact.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { EngineSubject, ExecSubject } from "../../model/subject.ts";
import type { Passage, Range } from "./passage.ts";
import { sourceOf, textOf, type Word } from "./word.ts";

/** What a script does to an Engine or to a running container, beside `docker run`. */
export type Act = { readonly at: Range } & (
  | { readonly kind: "exec"; readonly container: string; readonly user: string | undefined }
  | {
      readonly kind: "socket-mode";
      readonly path: string;
      readonly mode: number;
      /** One user or group that gets in. */
      readonly openTo?: string;
    }
  | DaemonFile
  | {
      readonly kind: "dockerd";
      readonly addresses: readonly string[];
      readonly tls: "none" | "server" | "mutual";
    }
);

/** dockerd's configuration, written by a script. */
export interface DaemonFile {
  readonly kind: "file";
  readonly path: string;
  /** What writes it: `tee`. */
  readonly program: string;
  /** Undefined where it is known only when the script runs. */
  readonly content: Passage | undefined;
}

/** Whether a path is dockerd's daemon.json, its unit or a drop-in of that. */
export function isDaemonFile(path: string): boolean {
  return /(?:^|[/}])docker\/daemon\.json$/.test(path) || isUnitFile(path);
}

export function isUnitFile(path: string): boolean {
  return /(?:^|[/}])docker\.service(?:\.d\/[^/]+\.conf)?$/.test(path);
}

/** Whether a text may hold one: cheap, and never wrong in saying no. */
export function mentionsAct(text: string): boolean {
  if (/docker\.sock|\bdockerd\b|docker\/daemon\.json|docker\.service(?:\.d)?\b/.test(text)) return true;
  if (/--privileged/.test(text) && /\bexec\b/.test(text)) return true;
  return (
    /\b(?:user(?:mod|add)|groupmems|add(?:user|group)|gpasswd)\b/.test(text) &&
    /(?:^|[\s,=])docker\b/.test(text)
  );
}

/** The act of a command behind its `sudo` and the like; undefined for any other command. */
export function actOf(words: readonly Word[], at: Range): Act | undefined {
  const texts = words.map((word) => textOf(word) ?? "");
  const program = texts[0]?.slice((texts[0]?.lastIndexOf("/") ?? -1) + 1) ?? "";
  if (/^(?:docker(?:-compose)?|podman)$/.test(program)) return execOf(texts, at);
  if (program === "chmod") return socketModeOf(texts, at);
  const member = memberOf(program, words.slice(1).map(sourceOf));
  if (member !== undefined) {
    const openTo = `${member}, by the docker group,`;
    return { kind: "socket-mode", path: "/var/run/docker.sock", mode: 0o660, openTo, at };
  }
  if (/^(?:setfacl|chown|chgrp)$/.test(program))
    return socketOwnerOf(program, words.slice(1).map(sourceOf), at);
  if (program === "sed") return sedOf(words.slice(1), at);
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
  const path = paths.find((each) => socket.test(each));
  const bits = othersOf(mode);
  return path === undefined || bits === 0 ? undefined : { kind: "socket-mode", path, mode: bits, at };
}

const socket = /(?:docker|podman|containerd)(?:\.raw)?\.sock(?:\.raw)?$/;

/** Whom `usermod -aG docker bob`, `gpasswd -a bob docker`, `adduser bob docker` and their like put into the docker group. */
function memberOf(program: string, texts: readonly string[]): string | undefined {
  const valueBehind = (option: RegExp) => {
    const index = texts.findIndex((text) => option.test(text));
    return index === -1 ? undefined : (/^--[a-z]+=(.*)$/.exec(texts[index] ?? "")?.[1] ?? texts[index + 1]);
  };
  const isDocker = (group: string | undefined) => group?.split(",").includes("docker");
  const last = texts.at(-1);
  switch (program) {
    case "usermod":
    case "useradd":
      return isDocker(valueBehind(/^-[a-zA-Z]*[Gg]$|^--(?:groups|gid)(?:=|$)/)) ? last : undefined;
    case "gpasswd":
      return last === "docker" ? valueBehind(/^-[aM]$|^--(?:add|members)(?:=|$)/) : undefined;
    case "groupmems":
      return isDocker(valueBehind(/^-g$|^--group(?:=|$)/)) ? valueBehind(/^-a$|^--add(?:=|$)/) : undefined;
    case "adduser":
    case "addgroup":
      return last === "docker" && !texts.at(-2)?.startsWith("-") ? texts.at(-2) : undefined;
    default:
      return undefined;
  }
}

/** `setfacl -m u:bob:rw`, `chown bob`, `chgrp dev`. */
function socketOwnerOf(program: string, texts: readonly string[], at: Range): Act | undefined {
  const path = texts.find((text) => socket.test(text));
  if (path === undefined) return undefined;
  const open = (openTo: string): Act => ({ kind: "socket-mode", path, mode: 0o660, openTo, at });
  if (program === "setfacl") {
    const entries = texts.flatMap((text) => (text.startsWith("-") ? [] : text.split(",")));
    for (const entry of entries) {
      const [, kind = "", name = "", rights = ""] =
        /^(u|user|g|group|o|other):([^:]*):?([rwxX-]+|[0-7])$/.exec(entry) ?? [];
      if (!rights.includes("w") && !/[2367]/.test(rights)) continue;
      if (kind.startsWith("o")) return { kind: "socket-mode", path, mode: 0o666, at };
      if (name !== "" && name !== "root") return open(`${kind.startsWith("u") ? "user" : "group"} ${name}`);
    }
    return undefined;
  }
  const [owner = ""] = texts.filter((text) => !text.startsWith("-"));
  const [user = "", group = ""] = program === "chgrp" ? ["", owner] : owner.split(/[:.](?![^{]*\})/);
  if (!/^(?:root|0|)$/.test(user)) return open(`user ${user}`);
  return /^(?:root|0|docker|)$/.test(group) ? undefined : open(`group ${group}`);
}

/** `sed -i` on dockerd's unit or its daemon.json: the addresses that it writes, or a change that is not read. */
function sedOf(words: readonly Word[], at: Range): Act | undefined {
  const texts = words.map(sourceOf);
  const path = texts.find(isDaemonFile);
  if (path === undefined || !texts.some((text) => /^(?:-[a-zA-Z]*i|--in-place)/.test(text))) return undefined;
  const written = texts.filter((text) => text !== path).map((text) => text.replaceAll("\\/", "/"));
  const addresses = written.flatMap((text) => {
    // What the pattern of `s|from|to|` says stood there before.
    const [, , from = "", to = text] = /\bs([^\w\s])((?:(?!\1).)*)\1((?:(?!\1).)*)\1/s.exec(text) ?? [];
    const before = new Set(from.match(address));
    return (/\bs[/]/.test(text) ? text : to).match(address)?.filter((each) => !before.has(each)) ?? [];
  });
  if (addresses.length > 0) return { kind: "dockerd", addresses: [...new Set(addresses)], tls: "none", at };
  return { kind: "file", path, program: "sed", content: undefined, at };
}

const address = /tcp:\/\/[^\s"'|,#\\\]]*/g;

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
  const taken = new Set<string>();
  const idOf = (name: string, { startLine, startColumn }: FileOrigin) => {
    const short = `${file}#${name}@${startLine}`;
    const id = taken.has(short) ? `${short}:${startColumn}` : short;
    taken.add(id);
    return id;
  };
  const subjects = acts.flatMap((act, index): readonly (EngineSubject | ExecSubject)[] => {
    if (act.kind === "file" || act.kind === "socket-mode") return [];
    const location = locate(act.at);
    if (act.kind === "exec") {
      const about = container("declared");
      const view = exec("declared", about, {
        privileged: set(true, location),
        ...(act.user !== undefined && { user: set(act.user, location) }),
      });
      const name = `${act.container}/exec`;
      const id = idOf(name, location);
      const stableId = `${file}#exec:${index}`;
      return [{ kind: "exec", id, name, stableId, source: "run-command", location, views: [view] }];
    }
    const listenAddresses = act.addresses.map((address) => set({ address, tls: act.tls }, location));
    const view = engine("declared", { ...unseenEngine, listenAddresses });
    const id = idOf("dockerd", location);
    const stableId = `${file}#dockerd:${index}`;
    return [
      { kind: "engine", id, name: "dockerd", stableId, source: "run-command", location, views: [view] },
    ];
  });
  return [...socketSubject(acts, file, locate), ...subjects];
}

/** Whom a script lets at the socket, in one or more lines, is said of one subject. */
function socketSubject(
  acts: readonly Act[],
  file: string,
  locate: (at: Range) => FileOrigin,
): readonly EngineSubject[] {
  const opened = acts.flatMap((act) => (act.kind === "socket-mode" ? [act] : []));
  const [first] = opened;
  if (first === undefined) return [];
  const socketFiles = opened.map(({ path, mode, openTo, at }) =>
    set({ path, mode, uid: 0, gid: 0, openTo }, locate(at)),
  );
  const location = locate(first.at);
  const name = "docker.sock";
  const id = `${file}#${name}@${location.startLine}`;
  const view = engine("declared", { ...unseenEngine, socketFiles });
  return [
    { kind: "engine", id, name, stableId: `${file}#${name}`, source: "run-command", location, views: [view] },
  ];
}

/** An Engine of which a file tells only what it is given. */
export const unseenEngine: Partial<Engine> = Object.fromEntries(
  Object.entries(engine("declared")).flatMap(([field, fact]): readonly (readonly [string, unknown])[] => {
    if (typeof fact !== "object") return [];
    const open = unseen("the file does not say how its dockerd is configured");
    return [[field, "state" in fact ? open : [open]]];
  }),
);
