import { describe, expect, test } from "vitest";
import { policy } from "../../../test/support/guard/guard.ts";
import type { Policy } from "../policy/policy.ts";
import { openBuilds } from "./builds.ts";
import { type MessageShape, readMessage, writeMessage } from "./protobuf.ts";
import { sessionCalls } from "./session.ts";

const packet: MessageShape = {
  1: { name: "type", type: "int" },
  2: {
    name: "stat",
    type: { message: { 1: { name: "path", type: "string" }, 7: { name: "linkname", type: "string" } } },
  },
  3: { name: "ID", type: "int" },
  4: { name: "data", type: "bytes" },
};

const good = policy({ allow: { images: ["good"] } });

/** A client's session, whose calls come from the Engine. */
function session(given: Policy) {
  const builds = openBuilds();
  builds.openSession("session-1", "ci");
  const denied: string[] = [];
  const open = sessionCalls(() => ({
    session: "session-1",
    builds,
    policy: given,
    deny: (reasons) => void denied.push(...reasons.map(({ rule }) => rule)),
  }));
  return { builds, denied, open };
}

/** What BuildKit gets of the files of a Dockerfile's transfer. */
async function transferred(
  given: ReturnType<typeof session>,
  files: Readonly<Record<string, string | { to: string }>>,
) {
  const opened = await given.open("/moby.filesync.v1.FileSync/DiffCopy", { "dir-name": "dockerfile" });
  if ("refuse" in opened || typeof opened.answer !== "object" || !("filter" in opened.answer))
    throw new Error("it is not read");
  const { filter } = opened.answer;
  const names = Object.keys(files);
  const stats = Object.entries(files).map(([path, file]) => ({
    type: 0n,
    stat: { path, ...(typeof file === "object" && { linkname: file.to }) },
  }));
  const data = names.flatMap((name, at) => {
    const file = files[name];
    const text = typeof file === "string" ? file : "";
    const [one, two] = [text.slice(0, 5), text.slice(5)];
    return [one, two, ""].map((part) => ({ type: 2n, ID: BigInt(at), data: Buffer.from(part) }));
  });
  const sent: string[] = [];
  for (const each of [...stats, ...data]) {
    const bytes = writeMessage(each, packet);
    const filtered = await filter(bytes);
    if (!filtered.ok || filtered.value === undefined) continue;
    const read = readMessage(filtered.value, packet);
    const error = read.ok && read.value.type === 4n ? String(read.value.data) : undefined;
    sent.push(error ?? (filtered.value.equals(bytes) ? "as it came" : "changed"));
  }
  return {
    whole: sent.every((each) => each === "as it came") && sent.length === stats.length + data.length,
    sent,
  };
}

describe("the files beside a Dockerfile", () => {
  test("go on as they come where every image is on the list, and are kept for later builds", async () => {
    const own = session(good);
    expect(
      (await transferred(own, { Dockerfile: "FROM good\n", ".dockerignore": "FROM evil\n" })).whole,
    ).toBe(true);
    expect(own.builds.dockerfilesOf("session-1")).toEqual(["FROM good\n"]);
    expect(own.denied).toEqual([]);
  });

  test("a Dockerfile with another image ends the transfer before its own end", async () => {
    const own = session(good);
    const { sent } = await transferred(own, { Dockerfile: "FROM evil\n", other: "x" });
    expect(sent.at(-1)).toContain("guard-image");
    expect(sent.slice(0, -1)).toEqual(Array(4).fill("as it came"));
    expect(own.denied).toEqual(["guard-image"]);
  });

  test("is judged with every set of arguments that its builds have", async () => {
    const own = session(good);
    own.builds.noteArguments("session-1", [{ name: "BASE", value: "good" }]);
    const text = { Dockerfile: "ARG BASE\nFROM $BASE\n" };
    expect((await transferred(own, text)).whole).toBe(true);
    own.builds.noteArguments("session-1", [{ name: "BASE", value: "evil" }]);
    expect((await transferred(own, text)).sent.at(-1)).toContain("guard-image");
  });

  test("a link to what goes on unread is refused", async () => {
    const { sent } = await transferred(session(good), { Dockerfile: { to: "x.dockerignore" } });
    expect(sent.at(-1)).toContain("leads to a .dockerignore");
  });

  test.each([
    [
      "data of a file that was not named",
      { type: 2n, ID: 1n, data: Buffer.from("FROM evil\n") },
      "is of no file",
    ],
    ["what is no packet", undefined, "has the field 99"],
    ["a Dockerfile that is too large", { type: 2n, data: Buffer.alloc(1024 * 1024 + 1) }, "is larger than"],
  ])("%s ends the transfer, and nothing goes on after it", async (_, message, why) => {
    const opened = await session(good).open("/moby.filesync.v1.FileSync/DiffCopy", {
      "dir-name": "dockerfile",
    });
    if ("refuse" in opened || typeof opened.answer !== "object" || !("filter" in opened.answer))
      throw new Error("it is not read");
    const { filter } = opened.answer;
    const stat = writeMessage({ type: 0n, stat: { path: "Dockerfile" } }, packet);
    expect(await filter(stat)).toEqual({ ok: true, value: stat });
    const bytes = message === undefined ? Buffer.from([0x9a, 0x06, 0x00]) : writeMessage(message, packet);
    const made = await filter(bytes);
    const read = made.ok ? readMessage(made.value ?? Buffer.alloc(0), packet) : made;
    expect(read).toMatchObject({ ok: true, value: { type: 4n } });
    expect(String(read.ok && read.value.data)).toContain(why);
    expect(await filter(stat)).toEqual({ ok: true, value: undefined });
  });

  test("goes on where the policy only warns, and nothing is written down as denied", async () => {
    const own = session({ ...good, mode: "warn" });
    expect((await transferred(own, { Dockerfile: "FROM evil\n" })).whole).toBe(true);
    expect(own.denied).toEqual([]);
  });

  test("is refused where the session keeps too much", async () => {
    const own = session(good);
    own.builds.closeSession("session-1");
    expect((await transferred(own, { Dockerfile: "FROM good\n" })).sent.at(-1)).toContain("keeps too many");
  });
});

describe("what a build asks of the client's session", () => {
  test.each([
    ["/moby.filesync.v1.FileSync/DiffCopy", { "dir-name": "context" }],
    ["/moby.filesync.v1.FileSend/DiffCopy", {}],
    ["/moby.filesync.v1.Auth/Credentials", {}],
    ["/moby.filesync.v1.Auth/FetchToken", {}],
    ["/moby.filesync.v1.Auth/GetTokenAuthority", {}],
    ["/moby.filesync.v1.Auth/VerifyTokenAuthority", {}],
    ["/grpc.health.v1.Health/Check", {}],
  ])("%s is the client's own", async (path, metadata) => {
    expect(await session(good).open(path, metadata)).toEqual({ metadata: {}, answer: "own" });
  });

  test.each([
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/moby.sshforward.v1.SSH/CheckAgent",
    "/moby.sshforward.v1.SSH/ForwardAgent",
  ])("%s needs a policy that allows it", async (path) => {
    const shut = session(policy({ rules: { "guard-build-secret": "deny" } }));
    expect(await shut.open(path, {})).toMatchObject({ refuse: { code: 7 } });
    expect(shut.denied).toEqual(["guard-build-secret"]);
    for (const given of [policy({ rules: { "guard-build-secret": "allow" } }), policy({ mode: "warn" })])
      expect(await session(given).open(path, {})).toEqual({ metadata: {}, answer: "own" });
  });

  test("any other call is refused", async () => {
    expect(await session(good).open("/evil.Service/Call", {})).toMatchObject({ refuse: { code: 12 } });
  });

  test("an archive is handed out under the name that the build has for it, and written anew", async () => {
    const own = session(good);
    const path = own.builds.noteUpload("session-1", { path: "/upload", wanted: ["Dockerfile"], args: [] });
    const pull = "/moby.upload.v1.Upload/Pull";
    expect(await own.open(pull, { urlpath: path })).toMatchObject({
      metadata: { urlpath: "/upload" },
      answer: { through: expect.any(Function) },
    });
    expect(await own.open(pull, { urlpath: "/upload" })).toMatchObject({ refuse: { code: 7 } });
    const open = session({ ...good, mode: "warn" });
    const other = open.builds.noteUpload("session-1", { path: "/upload", wanted: [], args: [] });
    expect(await open.open(pull, { urlpath: other })).toEqual({
      metadata: { urlpath: "/upload" },
      answer: "own",
    });
  });

  test("a policy that no longer lets the client in closes the connection", () => {
    expect(sessionCalls(() => undefined)("/grpc.health.v1.Health/Check", {})).toMatchObject({
      refuse: { code: 7 },
    });
  });
});
