import { isRecord, textAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import type { Attack } from "./attack.ts";
import type { Answered, Door } from "./door.ts";
import type { Stage } from "./stage.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What a container needs beside what the attack is about, for nothing of it to be hardened: a plugin would deny for that alone. */
export const harmless: Json = {
  SecurityOpt: ["no-new-privileges"],
  PidsLimit: 100,
  CgroupnsMode: "private",
  NetworkMode: "none",
  LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
};

/** The body of a create request: the harmless container, with some of it changed. */
export function bodyOf({ HostConfig, ...more }: Json = {}): Json {
  return {
    Image: busybox,
    ...more,
    HostConfig: { ...harmless, ...(isRecord(HostConfig) ? HostConfig : {}) },
  };
}

/** Asks for the container `evil`. */
export function create(door: Door, body: Json, name = "evil"): Promise<Answered> {
  return door.call("POST", `/containers/create?name=${name}`, bodyOf(body));
}

/** Asks for it, starts it, and waits for its end. */
export async function run(door: Door, body: Json, name = "evil"): Promise<string> {
  const made = await create(door, body, name);
  if (made.status !== 201) return "";
  const id = textAt(made.json, "Id") ?? "";
  const started = await door.call("POST", `/containers/${id}/start`);
  if (started.status >= 300) return "";
  await door.call("POST", `/containers/${id}/wait`);
  const { text } = await door.call("GET", `/containers/${id}/logs?stdout=1&stderr=1`);
  return text;
}

/** Whether `part` is in `whole`: members of objects, items of lists. */
export function has(whole: unknown, part: unknown): boolean {
  if (isRecord(part)) {
    return isRecord(whole) && Object.entries(part).every(([name, value]) => has(whole[name], value));
  }
  if (Array.isArray(part)) {
    if (!Array.isArray(whole)) return part.length === 0 && whole === null;
    return part.length === 0
      ? whole.length === 0
      : part.every((item) => whole.some((each) => has(each, item)));
  }
  return whole === part;
}

/** Whether there is a container whose inspect has this in it. */
export async function someContainer(stage: Stage, part: Json): Promise<boolean> {
  return (await stage.containers()).some((each) => has(each, part));
}

/** A container that must not exist: seen by what was asked for, unless inspect says it in other words. */
export function creates(
  name: string,
  body: Json,
  seen: Json = seenBy(body),
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    attempt: (door) => create(door, body),
    seen: (stage) => someContainer(stage, seen),
    ...more,
  };
}

function seenBy({ HostConfig, ...config }: Json): Json {
  return {
    ...(HostConfig !== undefined && { HostConfig }),
    ...(Object.keys(config).length > 0 && { Config: config }),
  };
}

/** A container that must not run: what its command says by the end tells. */
export function runs(
  name: string,
  body: Json | ((stage: Stage) => Json),
  command: string | ((stage: Stage) => string),
  seen: (stage: Stage, heard: string) => boolean,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    attempt: (door, stage) => {
      const script = typeof command === "string" ? command : command(stage);
      const own = typeof body === "function" ? body(stage) : body;
      return run(door, { Cmd: ["sh", "-c", script], ...own });
    },
    seen,
    ...more,
  };
}

export function idIn(answer: Answered): string {
  return textAt(answer.json, "Id") ?? textAt(answer.json, "ID") ?? "";
}

export function volume(options: Json, name = "evil"): Json {
  return { Name: name, Driver: "local", DriverOpts: options };
}
