import { isMap, isPair, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { failed, ok, type Result } from "../base/result.ts";
import type { Context } from "../controls/control.ts";
import { exposedMounts } from "../controls/mounts/exposed-mounts.ts";
import { reachOf } from "../controls/mounts/mount-reach.ts";
import { type SocketClient, socketClientOf } from "../controls/mounts/socket-clients.ts";
import { isFileOrigin } from "../model/origin.ts";
import type { Files } from "../model/reading.ts";
import type { Subject } from "../model/subject.ts";
import type { Edit } from "../model/writing.ts";

/** Where a service finds the guard's socket. */
const folder = "/run/bulkhead";
const address = `unix://${folder}/docker.sock`;

/**
 * The edits that put a guard between the Engine's socket and a Compose service that mounts it: a service `guard-NAME` that alone
 * has the socket, a volume with the guard's socket in place of the mount, and the variable or option by which its program finds it. Undefined where the service mounts no
 * socket; a failure says why the file is not changed.
 */
export function guardEdits(
  subject: Subject,
  context: Context,
  io: Files,
): Result<readonly Edit[]> | undefined {
  if (subject.kind !== "container" || subject.source !== "compose" || !subject.location) return undefined;
  const [view] = subject.views;
  const client = socketClientIn(subject);
  if (!view || client.preset === "proxy" || subject.name.startsWith("guard")) return undefined;
  const { file } = subject.location;
  const mounts = exposedMounts(view, context).flatMap((item) => {
    if (item.state !== "set" || item.value.from !== undefined) return [];
    const isSocket = reachOf(item.value, context).some(
      ({ place, how }) => place.gives === "engine" && how === "at",
    );
    return isSocket ? [{ source: item.value.mount.source ?? "", origins: item.origins }] : [];
  });
  const [mount] = mounts;
  if (!mount) return undefined;
  const [origin] = mount.origins.filter(isFileOrigin);
  if (mounts.length > 1) return failed("it mounts several sockets");
  if (!origin || origin.file !== file) return failed("the mount stands in another file");
  const text = io.read(file);
  if (!text.ok) return failed(text.reason);
  return editsOf(file, text.value, subject.name, mount.source, client);
}

/** What is known of the program in the container that asks for the Engine's socket. */
export function socketClientIn(subject: Subject): SocketClient {
  const image = subject.kind === "container" ? subject.views[0]?.image : undefined;
  return socketClientOf(image?.state === "set" ? image.value : undefined);
}

function editsOf(
  file: string,
  text: string,
  name: string,
  socket: string,
  client: SocketClient,
): Result<readonly Edit[]> {
  const document = parseDocument(text, { logLevel: "silent" });
  const services = pairOf(document.contents, "services");
  const service = services && pairOf(services.value, name);
  const volumes = service && pairOf(service.value, "volumes");
  if (!services || !isMap(services.value) || services.value.flow || !service || !isMap(service.value)) {
    return failed("its services are not written as a block");
  }
  if (service.value.flow || !volumes || !isSeq(volumes.value))
    return failed("its volumes are not written as a list");
  const items = volumes.value.items.filter((item) => JSON.stringify(item).includes("docker.sock"));
  const [item] = items;
  const range =
    item && typeof item === "object" && "range" in item ? (item.range as readonly number[]) : undefined;
  if (items.length !== 1 || !range)
    return failed("its mount of the socket is not found in its list of volumes");
  const guard = `guard-${name}`;
  if (pairOf(services.value, guard)) return failed(`${file} has a service ${guard}`);
  const [start = 0, end = 0] = range;
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const trimmed = start + text.slice(start, end).trimEnd().length;
  const serviceEnd = endOf(services.value, text);
  const indent = " ".repeat(columnOf(text, service));
  const place = placeEdit(client, service.value);
  if (!place.ok) return place;
  return ok([
    { file, start, end: trimmed, text: `${guard}:${folder}:ro` },
    { file, ...place.value(text, newline) },
    {
      file,
      start: serviceEnd,
      end: serviceEnd,
      text: block(
        guardService(guard, socket, client.preset),
        indent,
        newline,
        text.slice(0, serviceEnd).endsWith("\n"),
      ),
    },
    volumeEdit(file, text, pairOf(document.contents, "volumes"), guard, newline),
  ]);
}

function pairOf(node: unknown, key: string): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key);
}

function columnOf(text: string, { key }: Pair): number {
  const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
  return at - (text.lastIndexOf("\n", at - 1) + 1);
}

/** Behind the last line of a block, before comments and blank lines that stand behind it. */
function endOf(map: YAMLMap, text: string): number {
  const end = map.range?.[1] ?? text.length;
  const trimmed = text.slice(0, end).trimEnd().length;
  const line = text.indexOf("\n", trimmed);
  return line < 0 ? text.length : line + 1;
}

type Insert = (
  text: string,
  newline: string,
) => { readonly start: number; readonly end: number; readonly text: string };

/** What makes the service's program look for the socket where the guard has its own. */
function placeEdit(
  { preset, setting = { variable: "DOCKER_HOST" } }: SocketClient,
  service: YAMLMap,
): Result<Insert> {
  if (setting === "none")
    return failed("its program opens /var/run/docker.sock and cannot be given another path");
  if ("file" in setting)
    return failed(
      `its program reads the socket's place from a file: set ${setting.file}, as docs/guard/${preset}.md shows`,
    );
  if ("variable" in setting) {
    const { variable, isPath } = setting;
    const value = isPath ? `${folder}/docker.sock` : address;
    if (namesIn(pairOf(service, "environment")?.value).includes(variable))
      return failed(`its environment has ${variable}: set it to ${value}`);
    return ok(firstIn(service, "environment", `${variable}: ${value}`, `${variable}=${value}`));
  }
  const { option, short, beside } = setting;
  const command = pairOf(service, "command")?.value;
  if (command !== undefined && !isSeq(command))
    return failed(`its command is not written as a list: give it ${option}=${address}`);
  const words = isSeq(command) ? command.items.map((item) => (isScalar(item) ? String(item.value) : "")) : [];
  const names = [option, ...(short === undefined ? [] : [short])];
  if (words.some((word) => names.some((name) => word.toLowerCase().split("=", 1)[0] === name.toLowerCase())))
    return failed(`its command has ${names.join(" or ")}: set it to ${address}`);
  if (beside && words.length === 0)
    return failed(
      `its program is configured elsewhere: set ${option.replace(/^-+/, "")} to ${address} there`,
    );
  return ok(firstIn(service, "command", undefined, `${option}=${address}`));
}

/** The names in an environment, written as a mapping or a list. */
function namesIn(environment: unknown): readonly string[] {
  if (isMap(environment)) return environment.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
  return isSeq(environment)
    ? environment.items.map((item) => (isScalar(item) ? (String(item.value).split("=", 1)[0] ?? "") : ""))
    : [];
}

/** Puts a member first into a mapping or list of the service. `member`: how a mapping has it; undefined: it is a list alone. */
function firstIn(service: YAMLMap, key: string, member: string | undefined, item: string): Insert {
  return (text, newline) => {
    const pair = pairOf(service, key);
    const [first] = isMap(pair?.value) || isSeq(pair?.value) ? pair.value.items : [];
    const insert = (start: number, inserted: string) => ({ start, end: start, text: inserted });
    if (pair && first && (isMap(pair.value) || isSeq(pair.value))) {
      const { value } = pair;
      const said = isMap(value) && member !== undefined ? member : item;
      if (value.flow) return insert((value.range?.[0] ?? 0) + 1, isMap(value) ? ` ${said}, ` : `"${said}", `);
      const at = value.range?.[0] ?? 0;
      const from = text.lastIndexOf("\n", at - 1) + 1;
      const dash = text.slice(from).match(/^\s*(?:- )?/)?.[0] ?? "";
      return insert(from, `${dash}${said}${newline}`);
    }
    const [head] = service.items;
    const at = isScalar(head?.key) ? (head.key.range?.[0] ?? 0) : 0;
    const indent = " ".repeat(at - (text.lastIndexOf("\n", at - 1) + 1));
    return insert(at, `${key}:${newline}${indent}  ${member ?? `- ${item}`}${newline}${indent}`);
  };
}

function volumeEdit(
  file: string,
  text: string,
  volumes: Pair | undefined,
  guard: string,
  newline: string,
): Edit {
  const end = text.length;
  if (!volumes || !isMap(volumes.value) || volumes.value.flow || volumes.value.items.length === 0) {
    const before = text.endsWith("\n") ? "" : newline;
    return { file, start: end, end, text: `${before}${newline}volumes:${newline}  ${guard}: {}${newline}` };
  }
  const at = volumes.value.range?.[0] ?? end;
  const from = text.lastIndexOf("\n", at - 1) + 1;
  return { file, start: from, end: from, text: `${text.slice(from, at)}${guard}: {}${newline}` };
}

function guardService(guard: string, socket: string, preset: string | undefined): readonly string[] {
  const words = [...(preset === undefined ? [] : ["--preset", preset]), "--listen", `${address},mode=0666`];
  return [
    "",
    `${guard}:`,
    "  image: bulkhead-guard:0.1.0",
    `  command: ${JSON.stringify(words).replaceAll(",", ", ").replaceAll(", mode", ",mode")}`,
    '  user: "65532:65532"',
    "  # The group that the Engine's socket is open to: stat -c %g /var/run/docker.sock",
    '  group_add: ["${DOCKER_GID:-999}"]',
    "  network_mode: none",
    "  volumes:",
    `    - ${socket}:/var/run/docker.sock:ro # bulkhead-ignore docker-socket-mount -- the guard alone has the socket`,
    `    - ${guard}:${folder}`,
    "  read_only: true",
    "  cap_drop: [ALL]",
    '  security_opt: ["no-new-privileges:true"]',
    "  mem_limit: 256m",
    "  pids_limit: 50",
    "  restart: unless-stopped",
  ];
}

function block(lines: readonly string[], indent: string, newline: string, isAtLineStart: boolean): string {
  const text = lines.map((line) => (line === "" ? "" : indent + line)).join(newline);
  return `${isAtLineStart ? "" : newline}${text}${newline}`;
}
