import { expect, test, vi } from "vitest";
import { sessionReasons } from "../judge/dockerfile.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { bodyBudget, countTraffic } from "../proxy/client/traffic.ts";
import { type Arguments, openBuilds } from "./builds.ts";
import { type Account, framed, frameReader } from "./grpc.ts";

const mib = 1024 * 1024;

/** The account of one client, as the proxy keeps it for request bodies. */
function clientAccount() {
  const traffic = countTraffic();
  const account: Account = (bytes) => {
    if (bytes > 0) return traffic.holdBytes("ci", bytes);
    traffic.releaseBytes("ci", -bytes);
    return true;
  };
  const held = () => traffic.loads().find(({ client }) => client === "ci")?.bodyBytes ?? 0;
  return { traffic, account, held };
}

test("150 unfinished messages are held on the client's account, and no more than it has", () => {
  const { account, held } = clientAccount();
  const readers = Array.from({ length: 150 }, () => frameReader(4 * mib, account));
  const most = framed(Buffer.alloc(4 * mib)).subarray(0, 4 * mib - 1);
  const refused = readers.filter((reader) => {
    for (let at = 0; at < most.length; at += 64 * 1024)
      if (!reader.feed(most.subarray(at, at + 64 * 1024)).ok) return true;
    return false;
  });
  expect(held()).toBeLessThanOrEqual(bodyBudget.client);
  expect(refused.length).toBeGreaterThan(140);
  for (const reader of readers) reader.close();
  expect(held()).toBe(0);
});

test("bytes of HTTP bodies and of gRPC messages are one account", () => {
  const { traffic, account } = clientAccount();
  expect(traffic.holdBytes("ci", bodyBudget.client)).toBe(true);
  expect(frameReader(mib, account).feed(framed(Buffer.from("a"))).ok).toBe(false);
});

test("a message is given back once it was dealt with, its rest when the call ends", () => {
  const { account, held } = clientAccount();
  const reader = frameReader(100, account);
  const read = reader.feed(
    Buffer.concat([framed(Buffer.from("one")), framed(Buffer.from("two")), Buffer.from([0, 0])]),
  );
  expect(read.ok && read.value.map(String)).toEqual(["one", "two"]);
  expect(held()).toBe(18);
  if (read.ok) for (const message of read.value) reader.release(message);
  expect(held()).toBe(2);
  reader.close();
  reader.close();
  expect(held()).toBe(0);
});

test("of a refusal its beginning is kept, under a name that is no longer than a client's", () => {
  const builds = openBuilds();
  builds.refuseBuild("a", "ci", "x".repeat(100_000));
  expect(builds.refusalOf("a", "ci")).toHaveLength(512);
  const long = "a".repeat(100_000);
  builds.refuseBuild(long, "ci", "no");
  expect(builds.refusalOf(long, "ci")).toBeUndefined();
  expect(builds.beginBuild(long, "ci")).toBe(false);
});

test("what a session keeps until its end is on its client's account", async () => {
  const { traffic, held } = clientAccount();
  const builds = openBuilds(traffic);
  builds.openSession("s", "ci");
  const dockerfile = (at: number) => `# ${at}\n${"x".repeat(mib)}`;
  const kept = Array.from({ length: 20 }, (_, at) => builds.noteDockerfile("s", dockerfile(at)));
  expect(kept.filter(Boolean).length).toBeLessThan(9);
  expect(builds.noteDockerfile("s", dockerfile(0))).toBe(true);
  const many = Array.from({ length: 300 }, (_, at) =>
    builds.noteArguments("s", [{ name: "A", value: `${at}` }]),
  );
  expect(many.filter(Boolean).length).toBeLessThanOrEqual(256);
  expect(builds.noteArguments("s", [{ name: "A", value: "x".repeat(16 * mib) }])).toBe(false);
  const upload = { path: "/a", wanted: ["x".repeat(16 * mib)], args: [] };
  expect(builds.noteUpload("s", upload)).toBeUndefined();
  expect(held()).toBeLessThanOrEqual(bodyBudget.client);
  builds.closeSession("s");
  expect(held()).toBe(0);
  expect(builds.noteDockerfile("s", "FROM a")).toBe(false);
});

test("Dockerfiles are judged with each of a session's sets of arguments, in steps, and not without end", async () => {
  const policy = { ...defaultPolicy, allow: { ...defaultPolicy.allow, images: ["good"] } };
  const set = (value: string) => [{ name: "BASE", value }];
  const judged = (texts: readonly string[], sets: readonly Arguments[]) =>
    sessionReasons(texts, sets, { policy });
  const text = "ARG BASE\nFROM $BASE\n";
  expect(await judged([text], [set("good"), set("good")])).toEqual([]);
  expect((await judged([text], [set("good"), set("evil")])).map(({ rule }) => rule)).toEqual(["guard-image"]);
  const all = Array.from({ length: 257 }, (_, at) => set(`good:${at}`));
  expect((await judged([text], all)).map(({ rule }) => rule)).toEqual(["guard-unknown"]);
  const long = `FROM good\n${"RUN a\n".repeat(3_000)}`;
  expect((await judged([long], [[]])).map(({ rule }) => rule)).toEqual(["guard-build-archive"]);
  // Others have their turn after each of them.
  let others = 0;
  let over = false;
  const turn = () => {
    others += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await judged([text], all.slice(0, 200));
  over = true;
  expect(others).toBeGreaterThan(150);
});

test("questions about a build wait as long as its start is judged, and no longer than BuildKit for one that nobody starts", async () => {
  vi.useFakeTimers();
  const builds = openBuilds();
  const judged = builds.judgesBuild("slow", "ci");
  // One that another client has, or that has no name, is not waited for.
  builds.beginBuild("theirs", "other");
  for (const ref of ["theirs", ""]) builds.judgesBuild(ref, "ci");
  const asked = ["slow", "none", "theirs", ""].map((ref) => builds.isOwnBuild(ref, "ci"));
  await vi.advanceTimersByTimeAsync(20_000);
  builds.beginBuild("slow", "ci");
  judged();
  expect(await Promise.all(asked)).toEqual([true, false, false, false]);
  vi.useRealTimers();
});
