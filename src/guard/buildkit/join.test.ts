import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from "node:http2";
import { type Duplex, duplexPair } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { askIn, policy as policyWith } from "../../../test/support/guard/guard.ts";
import { blockSize, writeHeader } from "../archive/header.ts";
import { judgeUnderstood } from "../judge/judge.ts";
import type { Policy } from "../policy/policy.ts";
import { openBuilds } from "./builds.ts";
import { framed, frameReader } from "./grpc.ts";
import { joinBuildkit } from "./join.ts";
import { healthRequest } from "./messages.ts";
import { type MessageShape, readMessage, writeMessage } from "./protobuf.ts";

const health = "/grpc.health.v1.Health/Check";
const hello = writeMessage({ service: "a" }, healthRequest);

/** What one side heard of a call. */
interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ServerHttp2Stream;
  readonly messages: Promise<readonly string[]>;
  readonly closed: Promise<number>;
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function messagesOf(stream: AsyncIterable<Buffer>): Promise<readonly string[]> {
  const reader = frameReader(1_000_000);
  const all: string[] = [];
  for await (const chunk of stream) {
    const fed = reader.feed(chunk);
    if (fed.ok) all.push(...fed.value.map((message) => message.toString("hex")));
  }
  return all;
}

/** A side that calls and one that is called, with the guard between them. */
function joined(given: { session?: string; policy?: Policy | undefined; largest?: number } = {}) {
  const { session } = given;
  const [client, guardsClient] = duplexPair();
  const [engine, guardsEngine] = duplexPair();
  const builds = openBuilds();
  const state: { policy: Policy | undefined } = { policy: given.policy ?? policyWith() };
  const begun = given.policy ?? policyWith();
  const denied: string[] = [];
  joinBuildkit(
    { client: guardsClient, engine: guardsEngine },
    {
      asker: {
        client: "ci",
        policy: { ...begun, body: { ...begun.body, maxBytes: given.largest ?? 1_000 } },
      } as unknown as Parameters<typeof joinBuildkit>[1]["asker"],
      now: () => state.policy,
      builds,
      account: () => true,
      session,
      judge: (request, policy) => judgeUnderstood(request, policy, askIn({})),
      deny: (reasons) => void denied.push(...reasons.map(({ rule }) => rule)),
    },
  );
  const [calling, called] = session === undefined ? [client, engine] : [engine, client];
  const heard: Heard[] = [];
  const waiting: (() => void)[] = [];
  const answering: { how: (stream: ServerHttp2Stream) => void } = { how: answer() };
  const server = performServerHandshake(called);
  server.on("error", () => undefined);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    const closed = new Promise<number>((resolve) => stream.on("close", () => resolve(stream.rstCode)));
    heard.push({
      path: String(headers[":path"]),
      headers,
      stream,
      messages: messagesOf(stream).catch(() => []),
      closed,
    });
    for (const wake of waiting.splice(0)) wake();
    answering.how(stream);
  });
  const caller = connect("http://localhost", { createConnection: () => calling });
  caller.on("error", () => undefined);
  open.push({
    close() {
      caller.destroy();
      server.destroy();
    },
  });
  const arrives = async (count = 1) => {
    while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return heard[count - 1] as Heard;
  };
  const ends = { client: guardsClient, engine: guardsEngine };
  return { caller, heard, builds, state, answering, arrives, denied, ends };
}

/** Answers with messages and how the call went, once the request has ended. */
function answer(
  messages: readonly string[] = ["yes"],
  trailers: OutgoingHttpHeaders = { "grpc-status": "0" },
) {
  return (stream: ServerHttp2Stream) => {
    stream.on("end", () => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "x-own": "a" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers, "x-more": "b" }));
      for (const message of messages) stream.write(framed(Buffer.from(message)));
      stream.end();
    });
  };
}

function call(
  caller: ClientHttp2Session,
  path: string,
  body: Buffer | undefined = framed(hello),
  headers: OutgoingHttpHeaders = {},
) {
  const stream = caller.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const said: Record<string, unknown> = {};
  for (const event of ["response", "trailers"] as const)
    stream.on(event, (more: IncomingHttpHeaders) => void Object.assign(said, more));
  const all = messagesOf(stream).catch(() => []);
  const done = new Promise<{ said: Record<string, unknown>; messages: readonly string[]; code: number }>(
    (resolve) => {
      stream.on("error", () => undefined);
      stream.on("close", async () => resolve({ said, messages: await all, code: stream.rstCode }));
    },
  );
  if (body === undefined) return { stream, done };
  stream.end(body);
  return { stream, done };
}

const piece: MessageShape = { 1: { name: "data", type: "bytes" } };

function tarOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(files).flatMap(([name, content]) => {
    const header = {
      name,
      type: "0",
      size: content.length,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      linkName: "",
    };
    const rest = Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize);
    return [
      writeHeader({ ...header, userName: "", groupName: "", major: 0, minor: 0 }, new Map()),
      content,
      rest,
    ];
  });
  return Buffer.concat([...entries, Buffer.alloc(2 * blockSize)]);
}

/** The names and sizes of an archive's entries. */
function entriesOf(archive: Buffer): readonly (readonly [name: string, size: number])[] {
  const entries: (readonly [string, number])[] = [];
  for (let at = 0; at + blockSize <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 136), 8);
    entries.push([archive.toString("latin1", at, at + 100).replace(/\0.*$/s, ""), size]);
    at += blockSize + Math.ceil(size / blockSize) * blockSize;
  }
  return entries;
}

const closing = (end: Duplex) => new Promise((resolve) => end.on("close", resolve));
const hex = (text: string) => Buffer.from(text).toString("hex");

describe("a client's call over /grpc", () => {
  test("reaches the Engine as it was read, and its answer and end come back whole", async () => {
    const { caller, heard, answering } = joined();
    answering.how = answer(["one", "two"], { "grpc-status": "5", "grpc-message": "not there" });
    const { said, messages } = await call(caller, health, framed(hello), {
      "grpc-timeout": "10S",
      "x-evil": "1",
      "buildkit-controlapi-buildid": "build-1",
    }).done;
    expect(messages).toEqual([hex("one"), hex("two")]);
    expect(said).toMatchObject({
      ":status": 200,
      "grpc-status": "5",
      "grpc-message": "not there",
      "x-own": "a",
      "x-more": "b",
    });
    const [one] = heard;
    expect(one?.headers).toMatchObject({ ":path": health, "grpc-timeout": "10S", te: "trailers" });
    expect(one?.headers).not.toHaveProperty("x-evil");
    expect(one?.headers).not.toHaveProperty("buildkit-controlapi-buildid");
    expect(await one?.messages).toEqual([hello.toString("hex")]);
  });

  test("that fails before it says anything comes back so", async () => {
    const { caller, answering } = joined();
    answering.how = (stream) =>
      stream.respond({ ":status": 200, "grpc-status": "13", "grpc-message": "no" }, { endStream: true });
    expect((await call(caller, health).done).said).toMatchObject({
      "grpc-status": "13",
      "grpc-message": "no",
    });
  });

  test.each([
    ["another method", { ":method": "GET" }, "is not a call of gRPC", "3"],
    ["another type", { "content-type": "text/plain" }, "is not a call of gRPC", "3"],
    ["compressed messages", { "grpc-encoding": "gzip" }, "has compressed messages", "3"],
    ["an unknown path", { ":path": "/evil.Service/Call" }, "is not understood", "12"],
  ])("with %s is refused, and the Engine hears of none", async (_, headers, why, code) => {
    const { caller, heard } = joined();
    const { said } = await call(caller, health, framed(hello), headers).done;
    expect(said).toMatchObject({ "grpc-status": code, "grpc-message": expect.stringContaining(why) });
    expect(heard).toEqual([]);
  });

  test.each(["application/grpc+proto", "application/grpc"])("of the type %s is one of gRPC", async (type) => {
    const { caller } = joined();
    const headers = { "content-type": type, "grpc-encoding": "identity" };
    expect((await call(caller, health, framed(hello), headers).done).said).toMatchObject({
      "grpc-status": "0",
    });
  });

  test.each([
    ["a time limit in another form", "soon"],
    ["one that is too long", "123456789S"],
  ])("with %s goes on without it", async (_, timeout) => {
    const { caller, heard } = joined();
    await call(caller, health, framed(hello), { "grpc-timeout": timeout }).done;
    expect(heard[0]?.headers).not.toHaveProperty("grpc-timeout");
  });

  test.each([
    ["too long", framed(Buffer.alloc(1_001)), "1001 bytes"],
    ["compressed", Buffer.from([1, 0, 0, 0, 0]), "is compressed"],
    ["without its end", framed(hello).subarray(0, 6), "has no end"],
    ["not read", framed(Buffer.from([0x9a, 0x06, 0x00])), "has the field 99"],
    ["a second one", Buffer.concat([framed(hello), framed(hello)]), "two messages"],
  ])("with a message that is %s is refused with the reason", async (_, body, why) => {
    const { caller, arrives } = joined();
    const { said } = await call(caller, health, body).done;
    expect(said).toMatchObject({ "grpc-status": "7", "grpc-message": expect.stringContaining(why) });
    expect((await (await arrives()).closed) > 0).toBe(true);
  });

  test("that the client gives up is given up at the Engine", async () => {
    const { caller, answering, arrives } = joined();
    answering.how = () => undefined;
    const { stream } = call(caller, health);
    const one = await arrives();
    stream.close(8);
    expect(await one.closed).toBe(8);
  });

  test("that the Engine gives up is given up at the client", async () => {
    const { caller, answering } = joined();
    answering.how = (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.write(framed(Buffer.from("one")), () => stream.close(11));
    };
    expect((await call(caller, health).done).code).toBe(11);
  });

  test("that the Engine ends before an answer is told so", async () => {
    const { caller, answering } = joined();
    answering.how = (stream) => stream.close(2);
    expect((await call(caller, health).done).said).toMatchObject({
      "grpc-status": "14",
      "grpc-message": expect.stringContaining("ended the connection"),
    });
  });

  test("is judged by the policy of now", async () => {
    const { caller, state } = joined();
    expect((await call(caller, health).done).said).toMatchObject({ "grpc-status": "0" });
    state.policy = undefined;
    expect((await call(caller, health).done).said).toMatchObject({ "grpc-status": "7" });
  });

  test("a refused solve of BuildKit is refused with the guard's reason", async () => {
    const { caller, heard } = joined();
    const bytes = Buffer.from([0x0a, 0x01, 0x61, 0x12, 0x01, 0x78]);
    const { said } = await call(caller, "/moby.buildkit.v1.Control/Solve", framed(bytes)).done;
    expect(said["grpc-message"]).toContain("guard-build-definition");
    expect(await heard[0]?.messages).toEqual([]);
  });
});

describe("the end of a connection", () => {
  test.each(["client", "engine"] as const)("of the %s ends the other", async (which) => {
    const made = joined();
    await call(made.caller, health).done;
    const other = closing(made.ends[which === "client" ? "engine" : "client"]);
    made.ends[which].destroy();
    await other;
  });
});

describe("the Engine's calls to a client's session", () => {
  const credentials = "/moby.filesync.v1.Auth/Credentials";

  test("have all of the Engine's metadata, and of the answer only its messages and how it went", async () => {
    const { caller, heard, answering } = joined({ session: "session-1" });
    answering.how = answer(["one"], { "grpc-status": "0", "grpc-message": "fine" });
    const { said, messages } = await call(caller, credentials, framed(Buffer.from("any bytes")), {
      "x-given": ["1", "2"],
      "user-agent": "engine",
    }).done;
    expect(messages).toEqual([hex("one")]);
    expect(said).toMatchObject({ "grpc-status": "0", "grpc-message": "fine" });
    expect(said).not.toHaveProperty("x-own");
    expect(said).not.toHaveProperty("x-more");
    expect(heard[0]?.headers["x-given"]).toBe("1, 2");
    expect(heard[0]?.headers["user-agent"]).not.toBe("engine");
    expect(await heard[0]?.messages).toEqual([hex("any bytes")]);
  });

  /** A client that sends an archive as its context, asked for by the Engine under the name of the build. */
  async function pulled(files: Readonly<Record<string, Buffer>>, images: readonly string[] = ["good"]) {
    const made = joined({
      session: "session-1",
      policy: policyWith({ allow: { images: [...images] } }),
      largest: 2 * 1024 ** 2,
    });
    const upload = { path: "/upload", wanted: ["Dockerfile"], args: [] };
    const urlpath = made.builds.noteUpload("session-1", upload) ?? "";
    const archive = tarOf(files);
    const pieces = Array.from({ length: Math.ceil(archive.length / 32_768) }, (_, at) =>
      writeMessage({ data: archive.subarray(at * 32_768, (at + 1) * 32_768) }, piece).toString("latin1"),
    );
    made.answering.how = (stream) => {
      stream.on("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        for (const each of pieces) stream.write(framed(Buffer.from(each, "latin1")));
        stream.end();
      });
    };
    const answered = await call(made.caller, "/moby.upload.v1.Upload/Pull", framed(Buffer.alloc(0)), {
      urlpath,
    }).done;
    const got = answered.messages.map((message) => readMessage(Buffer.from(message, "hex"), piece));
    const bytes = Buffer.concat(got.map((each) => (each.ok ? (each.value.data as Buffer) : Buffer.alloc(0))));
    return { ...made, ...answered, bytes };
  }

  test("an archive goes on whole, however long, behind an entry that is empty", async () => {
    const large = Buffer.alloc(3 * 1024 ** 2, "some of it\n");
    const { bytes, said, heard, denied } = await pulled({ Dockerfile: Buffer.from("FROM good\n"), large });
    expect(said).toMatchObject({ "grpc-status": "0" });
    expect(heard[0]?.headers.urlpath).toBe("/upload");
    const names = entriesOf(bytes);
    // BuildKit takes it for an archive by what comes first; the Dockerfile that was judged comes last, and counts.
    expect(names).toEqual([
      [expect.any(String), 0],
      ["Dockerfile", "FROM good\n".length],
      ["large", large.length],
      ["Dockerfile", "FROM good\n".length],
    ]);
    expect(denied).toEqual([]);
  });

  test("an archive whose Dockerfile names another image has no end", async () => {
    const { said, denied } = await pulled({
      Dockerfile: Buffer.from("FROM evil\n"),
      other: Buffer.from("x"),
    });
    expect(said).toMatchObject({
      "grpc-status": "7",
      "grpc-message": expect.stringContaining("guard-image"),
    });
    expect(denied).toEqual(["guard-image"]);
  });

  test("an archive without its Dockerfile is refused", async () => {
    const { said, denied } = await pulled({ other: Buffer.from("x") });
    expect(said["grpc-message"]).toContain("has no Dockerfile");
    expect(denied).toEqual(["guard-build-archive"]);
  });

  test("belong to the client while its connection lasts", async () => {
    const { caller, builds, ends } = joined({ session: "session-1" });
    await call(caller, credentials).done;
    expect(await builds.isOwnSession("session-1", "ci")).toBe(true);
    const ended = closing(ends.engine);
    ends.client.destroy();
    await ended;
    expect(builds.openSession("session-1", "other")).toBe(true);
  });

  test("are refused where the policy closes them, and that is written down", async () => {
    const { caller, denied, heard } = joined({
      session: "session-1",
      policy: policyWith({ rules: { "guard-build-secret": "deny" } }),
    });
    const { said } = await call(caller, "/moby.buildkit.secrets.v1.Secrets/GetSecret").done;
    expect(said).toMatchObject({ "grpc-status": "7" });
    expect(denied).toEqual(["guard-build-secret"]);
    expect(heard).toEqual([]);
  });
});

test("a session of a name that another client has is closed at once", async () => {
  const [, client] = duplexPair();
  const [, engine] = duplexPair();
  const builds = openBuilds();
  builds.openSession("session-1", "other");
  const ends = [client, engine].map(closing);
  joinBuildkit(
    { client, engine },
    {
      asker: { client: "ci", policy: policyWith() } as unknown as Parameters<typeof joinBuildkit>[1]["asker"],
      now: () => undefined,
      builds,
      account: () => true,
      session: "session-1",
      judge: () => Promise.reject(new Error("nothing is judged")),
      deny: () => undefined,
    },
  );
  await Promise.all(ends);
  expect(await builds.isOwnSession("session-1", "other")).toBe(true);
});
