import { isRecord } from "../../base/json.ts";
import { isCredentialName } from "../../model/credentials/names.ts";
import type { Policy } from "../policy/policy.ts";
import type { Route } from "../routes/route.ts";
import { asAsked } from "./container/folders.ts";
import { withImageNames, withoutPrefix, withoutSpace } from "./image/space.ts";
import { isOwnCache } from "./policy/owner.ts";
import type { ResponseRule } from "./result.ts";

/**
 * Routes whose documents may hold secrets. Streams do too (logs, archives, what a command prints) and are not redacted: the
 * policy closes those routes, or does not. Events are documents, one after the other.
 */
const redacted: ReadonlySet<string> = new Set([
  ...[
    "container-list",
    "container-inspect",
    "container-top",
    "exec-inspect",
    "image-inspect",
    "image-history",
    "plugin-inspect",
    "plugin-list",
  ],
  ...["service-inspect", "service-list", "task-inspect", "task-list", "config-inspect", "config-list"],
  ...["swarm-inspect", "swarm-unlock-key", "info", "volume-inspect", "volume-list", "disk-usage"],
  "events",
]);

/** Routes whose documents name images and Compose projects. */
const named: ReadonlySet<string> = new Set([
  ...["image-list", "image-inspect", "image-history", "image-delete", "image-prune", "disk-usage"],
  ...[
    "container-list",
    "container-inspect",
    "network-list",
    "network-inspect",
    "volume-list",
    "volume-inspect",
  ],
  ...["volume-create", "service-list", "service-inspect", "task-list", "task-inspect", "events"],
]);

/** Routes whose documents show the mounts of containers, or volumes. */
const mounting: ReadonlySet<string> = new Set([
  ...["container-list", "container-inspect", "container-start", "container-restart", "volume-list"],
]);

/** Routes whose documents name the images of containers, or are images that were made of containers. */
const showsContainers: ReadonlySet<string> = new Set([
  ...["container-list", "container-inspect", "disk-usage", "events", "image-inspect", "image-list"],
]);

/** What the Engine's answer on a route needs; undefined where it may go through as it comes. */
export function responseRule({ id, response }: Route, policy: Policy): ResponseRule | undefined {
  const redact = policy.redact && redacted.has(id);
  const owner = id === "disk-usage" ? policy.owner : undefined;
  const space = named.has(id) ? policy.space : undefined;
  const images = showsContainers.has(id);
  const folders = mounting.has(id) ? policy.folders : undefined;
  const isDocument =
    response === "json" || response === "none" || id === "events" || id === "container-stats";
  const prefix = isDocument ? policy.prefix : undefined;
  const isChanged = redact || owner || space !== undefined || prefix !== undefined || images || folders;
  return isChanged ? { redact, owner, space, prefix, images, folders } : undefined;
}

/** The Engine's answer as the client may see it. Pure; untouched parts are the same objects. */
export function rewriteResponse(document: unknown, rule: ResponseRule): unknown {
  const asked = rule.folders ? asAsked(document, rule.folders) : document;
  const own = rule.owner ? onlyOwn(asked, rule.owner) : asked;
  const called = rule.images ? withImageNames(own) : own;
  const spaced = rule.space === undefined ? called : withoutSpace(called, rule.space);
  const plain = rule.prefix === undefined ? spaced : withoutPrefix(spaced, rule.prefix);
  if (!rule.redact) return plain;
  const secrets = [...secretsIn(plain, undefined)].toSorted((a, b) => b.length - a.length);
  return redact(plain, undefined, secrets);
}

/** What stands for a value that is not shown. */
export const blank = "***";

/** Members that are secrets whatever they hold: tokens of a swarm, its certificate's key, passwords in the address of a proxy. */
const secretMembers: ReadonlySet<string> = new Set([
  "JoinTokens",
  "UnlockKey",
  "SigningCAKey",
  "HttpProxy",
  "HttpsProxy",
  "HTTPProxy",
  "HTTPSProxy",
]);

/** Members that hold options by name, some of them passwords: log drivers, volumes, plugins. */
const optionMembers: ReadonlySet<string> = new Set(["Config", "Options", "DriverOpts"]);
const secretName =
  /token|secret|passw|pwd|credential|api_?key|access[-_]?key|private[-_]?key|\bpass\b|\bkey\b/i;

/** What a control calls a credential, and more. */
function isSecret(name: string): boolean {
  return secretName.test(name) || isCredentialName(name);
}

/** Members that hold steps of a build or commands, as text or as a list of words. */
const stepMembers: ReadonlySet<string> = new Set([
  ...["CreatedBy", "OnBuild", "Description", "Command", "Cmd", "Entrypoint", "Test", "Args", "arguments"],
]);

/** Shorter values stand in too many other words. */
const shortestSecret = 6;

/** Values of variables and options whose name says that they are secret: they are blanked wherever else they stand. */
function* secretsIn(value: unknown, name: string | undefined): Iterable<string> {
  if (Array.isArray(value)) {
    for (const item of value) {
      if (name !== "Env" || typeof item !== "string") yield* secretsIn(item, undefined);
      else if (isSecret(item.split("=", 1)[0] ?? "")) yield* longEnough(item.slice(item.indexOf("=") + 1));
    }
    return;
  }
  if (!isRecord(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "string") yield* secretsIn(item, key);
    else if (name !== undefined && optionMembers.has(name) && isSecret(key)) yield* longEnough(item);
  }
}

function longEnough(text: string): readonly string[] {
  return text.length >= shortestSecret ? [text] : [];
}

/** A text that is shown: without a known secret, and without the password of an address. */
function shownText(text: string, secrets: readonly string[]): string {
  const plain = secrets.reduce((rest, secret) => rest.replaceAll(secret, blank), text);
  return plain.replace(/:\/\/[^\s/@?#]{1,512}@/g, `://${blank}@`);
}

function redact(value: unknown, name: string | undefined, secrets: readonly string[]): unknown {
  if (name === "Env" && Array.isArray(value)) return value.map(blankVariable);
  // A []byte: what stands for it must be base64 too.
  if (name === "Data" && typeof value === "string") return value === "" ? "" : btoa(blank);
  if (name !== undefined && secretMembers.has(name)) return blanked(value);
  const isStep = name !== undefined && stepMembers.has(name);
  if (typeof value === "string" && (name === "Action" || name === "status")) return blankExec(value);
  if (typeof value === "string") return shownText(isStep ? blankAssignments(value) : value, secrets);
  if (Array.isArray(value)) return value.map((item) => redact(item, isStep ? name : undefined, secrets));
  if (!isRecord(value)) return value;
  const isOptions = name !== undefined && optionMembers.has(name);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isOptions && typeof item === "string"
        ? shownText(blankOption(key, item), secrets)
        : redact(item, key, secrets),
    ]),
  );
}

/** What an event says of an exec: `exec_create: sh -c …`, with its words. */
function blankExec(action: string): string {
  return action.replace(/^(exec_(?:create|start)): .*$/s, `$1: ${blank}`);
}

/** An option by its name; those of mount(2) are one option, `o`: `username=me,password=…`. */
function blankOption(name: string, text: string): string {
  if (isSecret(name)) return text === "" ? "" : blank;
  return text.replace(/(?<![^,=])([^,=]+)=[^,]*/g, (all, option: string) =>
    isSecret(option) ? `${option}=${blank}` : all,
  );
}

/** `NAME=value`; a plugin's is `{ Name, Value }`. */
function blankVariable(item: unknown): unknown {
  if (typeof item === "string") {
    const equals = item.indexOf("=");
    return equals < 0 ? item : `${item.slice(0, equals)}=${blank}`;
  }
  return isRecord(item) && "Value" in item ? { ...item, Value: blank } : item;
}

/**
 * A step of a build: `ENV NAME=value`, `|1 NAME=value /bin/sh -c …`. The Engine writes values there without quotes, so that nothing
 * tells where one with spaces ends: of ENV, ARG and build arguments all behind the first value's beginning is blanked.
 */
function blankAssignments(text: string): string {
  const step = /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ENV|ARG)\s+[^\s=]+(?=[=\s])|^(?:RUN )?\|\d+(?=\s)/.exec(
    text,
  )?.[0];
  if (step !== undefined) return `${step}${text[step.length] === "=" ? "=" : " "}${blank}`;
  return text.replace(/\b([A-Za-z_]\w*)=(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs, `$1=${blank}`);
}

/** The same shape without its content, so that a client can still decode it. */
function blanked(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? "" : blank;
  if (Array.isArray(value)) return value.map(blanked);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, blanked(item)]));
}

/**
 * `GET /system/df` takes no filter by label, and `GET /networks/bridge` names every container on it. Images are everybody's;
 * of a build's cache the mounts say whose they are. Both forms of the former are known: lists at the top until API 1.51,
 * `ContainerUsage.Items` and so on since.
 */
function onlyOwn(document: unknown, owner: { readonly label: string; readonly value: string }): unknown {
  if (!isRecord(document)) return document;
  const isOwn = (item: unknown) =>
    isRecord(item) && isRecord(item.Labels) && item.Labels[owner.label] === owner.value;
  const isOwnMount = (item: unknown) => isOwnCache(item, owner);
  const lists: Readonly<Record<string, (item: unknown) => boolean>> = {
    Containers: isOwn,
    ContainerUsage: isOwn,
    ContainersDiskUsage: isOwn,
    Volumes: isOwn,
    VolumeUsage: isOwn,
    VolumesDiskUsage: isOwn,
    BuildCache: isOwnMount,
    BuildCacheUsage: isOwnMount,
    BuildCacheDiskUsage: isOwnMount,
  };
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      const keep = Object.hasOwn(lists, name) ? lists[name] : undefined;
      if (!keep) return [name, value];
      if (Array.isArray(value)) return [name, value.filter(keep)];
      if (isRecord(value) && Array.isArray(value.Items)) {
        return [name, { ...value, Items: value.Items.filter(keep) }];
      }
      // Of a network: its endpoints by their containers' ids, which do not say whose they are.
      if (name === "Containers" && isRecord(value)) return [name, {}];
      return [name, value];
    }),
  );
}
