import { recordAt, textAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import type { Attack } from "./attack.ts";
import { bodyOf, harmless, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

const create = "/v1.45/containers/create?name=evil";
const tag = `/v1.45/images/${busybox}/tag?repo=good&tag=1`;
export const json = "Content-Type: application/json\r\n";
export const form = "Content-Type: application/x-www-form-urlencoded\r\n";

/** The privileged container, and what it is when nobody notices. */
export const privileged = JSON.stringify(bodyOf({ HostConfig: { Privileged: true } }));
const padded = privileged.replace("{", `{"Labels":{"a":"${"x".repeat(1_100_000)}"},`);
const plain = JSON.stringify(bodyOf());

export function post(path: string, headers: string, content: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n${headers}${content}`;
}

export function sized(text: string): string {
  return `Content-Length: ${Buffer.byteLength(text, "latin1")}\r\n\r\n${text}`;
}

function chunks(text: string, extension = ""): string {
  return `Transfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(text).toString(16)}${extension}\r\n${text}\r\n0\r\n\r\n`;
}

function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const isPrivileged = (stage: Stage) => someContainer(stage, { HostConfig: { Privileged: true } });

/** A request byte for byte, after which a privileged container must not be there. */
function raw(name: string, bytes: string, more: Partial<Attack> = {}): Attack {
  return {
    name,
    bytes,
    attempt: (door) => door.raw(Buffer.from(bytes, "latin1")),
    seen: isPrivileged,
    ...more,
  };
}

/** A tag that dockerd takes from the body, whatever the query says. */
function retags(name: string, headers: string, content: string): Attack {
  return raw(name, post(tag, headers, content), {
    seen: async (stage) => (await stage.ask("GET", "/images/json")).text.includes('"evil:1"'),
  });
}

/** A body that some read as harmless and dockerd as privileged. */
const body = (name: string, text: string): Attack => raw(name, post(create, json, sized(text)));

const smuggled = (key: string, value: string) =>
  plain.replace('"HostConfig":{', `"HostConfig":{"${key}":${value},`);

const bodies: readonly Attack[] = [
  body("the body as it is", privileged),
  body("HostConfig with a long s", utf8(privileged.replace("HostConfig", "Ho\u017ftConfig"))),
  body("HostConfig in small letters", privileged.replace("HostConfig", "hostconfig")),
  body("HostConfig with escapes", privileged.replace("HostConfig", "\\u0048ost\\u0043onfig")),
  body("Privileged with another i", smuggled("PRIVILEGED", "true")),
  body("a second HostConfig", plain.replace(/\}$/, ',"HostConfig":{"Privileged":true}}')),
  body("a second HostConfig in small letters", plain.replace(/\}$/, ',"hostconfig":{"Privileged":true}}')),
  body("a second HostConfig before the first", plain.replace("{", '{"HostConfig":{"Privileged":true},')),
  body(
    "a HostConfig that is null afterwards",
    plain.replace(
      /\}$/,
      ',"HostConfig":{"Privileged":true},"HostConfig":null,"HostConfig":{"Privileged":true}}',
    ),
  ),
  body("a second Privileged", smuggled("Privileged", 'false,"Privileged":true')),
  body("a second Privileged in other letters", smuggled("Privileged", 'false,"pRivileged":true')),
  body("bytes that are no UTF-8", privileged.replace("{", '{"Cmd":["\xff\xfe"],')),
  body("half of a surrogate", privileged.replace("{", '{"Cmd":["\\ud800"],')),
  body(
    "a field that nobody knows, deep",
    privileged.replace("{", `{"Unknown":${"[".repeat(5000)}${"]".repeat(5000)},`),
  ),
  body("white space before and after", ` \n\t${privileged} \r\n\t`),
  body("a brace behind the end", `${privileged}}`),
  body("more than a megabyte", padded),
  {
    ...body("a network of the host with a Kelvin sign", ""),
    attempt: (door) => {
      const text = plain.replace('"NetworkMode":"none"', '"Networ\u212aMode":"host"');
      return door.raw(Buffer.from(post(create, json, sized(utf8(text))), "latin1"));
    },
    seen: (stage) => someContainer(stage, { HostConfig: { NetworkMode: "host" } }),
  },
  {
    ...body("binds with a long s", ""),
    attempt: (door) => {
      const text = plain.replace('"HostConfig":{', '"HostConfig":{"Bind\u017f":["/:/host"],');
      return door.raw(Buffer.from(post(create, json, sized(utf8(text))), "latin1"));
    },
    seen: (stage) => someContainer(stage, { HostConfig: { Binds: ["/:/host"] } }),
  },
  {
    ...body("a privileged command in other letters", ""),
    prepare: (stage) => stage.make("other", { Cmd: ["sleep", "1000"], HostConfig: harmless }, "start"),
    attempt: async (door) => {
      const answer = await door.call("POST", "/containers/other/exec", {
        Cmd: ["cat", "/proc/self/status"],
        privileged: true,
        AttachStdout: true,
      });
      await door.call("POST", `/exec/${textAt(answer.json, "Id")}/start`, {});
    },
    seen: (_, heard) => /CapEff:\s+000001ff/.test(heard),
  },
  {
    ...body("options of a volume in other letters", ""),
    attempt: (door) =>
      door.call("POST", "/volumes/create", {
        Name: "evil",
        driveropts: { type: "none", o: "bind", device: "/" },
      }),
    seen: async (stage) =>
      recordAt((await stage.door.call("GET", "/volumes/evil")).json, "Options").device === "/",
  },
];

const path = (name: string, target: string): Attack => raw(name, post(target, json, sized(privileged)));

const paths: readonly Attack[] = [
  path("no version", "/containers/create"),
  ...["/v1.045", "/v01.45", "/v1.45.0", "/v1.45.", "/v1.24", "/v1.000045"].map((version) =>
    path(`the version ${version}`, `${version}/containers/create`),
  ),
  path("an escape", "/v1.45/containers/%63reate"),
  path("an escape in place of a slash", "/v1.45%2Fcontainers/create"),
  path("an escape in the version", "/v1%2e45/containers/create"),
  path("an absolute address", "http://docker/v1.45/containers/create"),
  path("an absolute address of another scheme", "ftp://user@docker/v1.45/containers/create"),
  path("a query of one question mark", "/v1.45/containers/create?"),
  path("a parameter that nobody knows", "/v1.45/containers/create?unknown=1"),
  path("a parameter twice", "/v1.45/containers/create?name=good&name=evil"),
  {
    ...path("an escaped name", ""),
    prepare: (stage) =>
      stage.make("other", { HostConfig: { ...harmless, Privileged: true }, Cmd: ["sleep", "1000"] }),
    attempt: (door) => door.raw(post("/v1.45/containers/%6fther/start", "", "Content-Length: 0\r\n\r\n")),
    seen: (stage) => someContainer(stage, { State: { Running: true } }),
  },
  retags("a tag whose query is overridden by a form", form, sized("repo=evil")),
  retags("a tag whose form stands behind JSON", form + json, sized("repo=evil")),
  retags("a tag whose form stands behind a text", `${form}Content-Type: text/plain\r\n`, sized("repo=evil")),
  retags("a tag whose form stands behind JSON, in chunks", form + json, chunks("repo=evil")),
  {
    ...path("a rename whose query is overridden by a form", ""),
    prepare: (stage) => stage.make("other", { HostConfig: harmless }),
    attempt: (door) => door.raw(post("/v1.45/containers/other/rename?name=good", form, sized("name=evil"))),
    seen: (stage) => someContainer(stage, { Name: "/evil" }),
  },
];

const ping = "GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n";
const request = post(create, json, sized(privileged));

const transports: readonly Attack[] = [
  raw("chunks", post(create, json, chunks(privileged))),
  raw("chunks of more than a megabyte", post(create, json, chunks(padded))),
  raw("chunks with an extension", post(create, json, chunks(privileged, ";a=b"))),
  raw("chunks with a quoted extension", post(create, json, chunks(privileged, ';a="\\"x"'))),
  raw(
    "chunks of one byte",
    post(
      create,
      json,
      `Transfer-Encoding: chunked\r\n\r\n${[...privileged].map((byte) => `1\r\n${byte}\r\n`).join("")}0\r\n\r\n`,
    ),
  ),
  raw(
    "chunks whose size has zeros before it",
    post(create, json, chunks(privileged).replace("\r\n\r\n", "\r\n\r\n0000")),
  ),
  raw(
    "chunks with a trailer",
    post(create, json, chunks(privileged).replace(/0\r\n\r\n$/, "0\r\nX-Evil: 1\r\n\r\n")),
  ),
  raw("a length and chunks", post(create, `${json}Content-Length: 4\r\n`, chunks(privileged))),
  raw("a length of zero and chunks", post(create, `${json}Content-Length: 0\r\n`, chunks(privileged))),
  raw(
    "chunks and a length behind them",
    post(create, json, chunks(privileged).replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n")),
  ),
  raw(
    "the same length twice",
    post(create, `${json}Content-Length: ${privileged.length}\r\n`, sized(privileged)),
  ),
  raw("a label of gzip", post(create, `${json}Content-Encoding: gzip\r\n`, sized(privileged))),
  raw(
    "a content type with parameters",
    post(create, "Content-Type: application/json; charset=utf-16\r\n", sized(privileged)),
  ),
  raw("a second content type", post(create, `${json}Content-Type: text/plain\r\n`, sized(privileged))),
  raw("lines that end in a line feed alone", request.replaceAll("\r\n", "\n")),
  raw("a header on two lines", post(create, `X-A: b\r\n c\r\n${json}`, sized(privileged))),
  raw("HTTP/1.0", request.replace("HTTP/1.1", "HTTP/1.0")),
  raw("behind another request", `${ping}${request}`),
  raw("behind many others", `${ping.repeat(20)}${request}`),
  raw(
    "behind one whose body looks like its end",
    `${post("/v1.45/containers/nobody/wait", "", sized("{}")).replace("Connection: close\r\n", "")}${request}`,
  ),
  raw("behind a question with a body", `GET /_ping HTTP/1.1\r\nHost: docker\r\n${sized("{}")}${request}`),
  raw(
    "behind a question with a body in chunks",
    `GET /_ping HTTP/1.1\r\nHost: docker\r\n${chunks("{}")}${request}`,
  ),
  raw(
    "behind a refused Upgrade",
    `GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${request}`,
  ),
  raw(
    "behind a refused WebSocket",
    `GET /v1.45/containers/json HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n${request}`,
  ),
  raw(
    "with an Upgrade of its own",
    post(create, `${json}Upgrade: h2c\r\n`, sized(privileged)).replace(
      "Connection: close",
      "Connection: Upgrade",
    ),
  ),
  {
    ...raw("with an expectation", ""),
    attempt: (door) =>
      door.raw(
        post(create, `${json}Expect: 100-continue\r\nContent-Length: ${privileged.length}\r\n`, "\r\n"),
        privileged,
      ),
  },
  {
    ...raw("a method that the client names in a header", ""),
    attempt: (door) =>
      door.raw(
        `DELETE /v1.45/containers/other?force=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nX-HTTP-Method-Override: GET\r\n\r\n`,
      ),
    policy: "{ preset: read-only, rules: { guard-answer: allow } }",
    prepare: (stage) => stage.make("other", { HostConfig: harmless }),
    seen: async (stage) => !(await someContainer(stage, { Name: "/other" })),
  },
];

export const bodyAttacks = bodies;
export const pathAttacks = paths;
export const transportAttacks = transports;
