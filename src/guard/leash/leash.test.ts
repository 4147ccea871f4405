import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, decideIn } from "../../../test/support/guard/guard.ts";
import { isLeftHelper, startOf } from "../engine/views.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { foldersOf, mountRules, placeApart, secretsIn } from "./folder.ts";
import { leashPolicy, narrowing } from "./policy.ts";
import { checkName, holdLeft, holdRecord, isLiving, knownNames, usualName } from "./record.ts";

let folder = "";
const before = process.env.XDG_STATE_HOME;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-leash-test-"));
  process.env.XDG_STATE_HOME = join(folder, "state");
});
afterEach(() => {
  if (before === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before;
  rmSync(folder, { recursive: true, force: true });
});

const begun = { name: "one", engine: "unix:///x", runFolder: "/nowhere", keep: [] };

test("the folder is the top of the checkout, where links lead; others are added to it", () => {
  const top = join(folder, "top");
  for (const path of ["top/.git", "top/a/b", "other"]) mkdirSync(join(folder, path), { recursive: true });
  symlinkSync(join(folder, "other"), join(top, "link"));
  expect(foldersOf([], join(top, "a/b"))).toMatchObject({ value: { own: top } });
  expect(foldersOf([], join(folder, "other"))).toMatchObject({ value: { own: join(folder, "other") } });
  expect(foldersOf(["link:ro"], top)).toMatchObject({
    value: {
      own: top,
      all: [
        { path: top, readOnly: false },
        { path: join(folder, "other"), readOnly: true },
      ],
    },
  });
  expect(foldersOf(["a"], top)).toMatchObject({
    value: { all: [{ path: join(top, "a"), readOnly: false }] },
  });
  // Its own folder, which it may only read.
  expect(foldersOf([".:ro"], top)).toMatchObject({ value: { all: [{ path: top, readOnly: true }] } });
  expect(foldersOf(["nothing"], top).ok).toBe(false);
  expect(foldersOf([], "/").ok).toBe(false);
});

test("the leash's socket lies in a place that the folder does not have, if there is one", () => {
  const [inside, outside] = [join(folder, "top/tmp"), join(folder, "run")];
  for (const path of [inside, outside]) mkdirSync(path, { recursive: true });
  symlinkSync(inside, join(folder, "link"));
  const of = (...paths: readonly string[]) => ({
    own: folder,
    all: paths.map((path) => ({ path: join(folder, path), readOnly: false })),
  });
  expect(placeApart(of("top"), [outside, inside])).toBe(outside);
  expect(placeApart(of("top"), [inside, outside])).toBe(outside);
  expect(placeApart(of("top"), [join(folder, "link"), join(folder, "none"), outside])).toBe(outside);
  expect(placeApart(of("."), [inside, outside])).toBe(inside);
});

test("a folder whose name would be read as a pattern is refused", () => {
  const path = join(folder, "a*");
  mkdirSync(path);
  const folders = foldersOf([path], folder);
  expect(folders.ok && mountRules(folders.value).ok).toBe(false);
});

test("secrets in the folder are named, examples and other people's files are not", () => {
  for (const path of [
    ".env",
    ".env.local",
    ".env.example",
    "deploy/server.key",
    "node_modules/x/.env",
    "src/key.ts",
  ]) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  expect(secretsIn(folder)).toEqual([".env", ".env.local", "deploy/server.key"]);
});

test("a name is one leash's at a time, and keeps its value", () => {
  const first = holdRecord(begun);
  if (!first.ok) throw new Error(first.reason);
  first.value.write(first.value.record);
  expect(isLiving("one")).toBe(true);
  expect(holdRecord(begun)).toMatchObject({ ok: false, reason: expect.stringContaining("runs already") });
  expect(holdLeft("one")).toBeUndefined();
  first.value.release();
  expect(isLiving("one")).toBe(false);
  const second = holdRecord(begun);
  if (!second.ok) throw new Error(second.reason);
  expect(second.value.before?.value).toBe(first.value.record.value);
  expect(second.value.record.value).toBe(first.value.record.value);
  expect(second.value.record.value).toMatch(/^one-[0-9a-f]{16}$/);
  second.value.release();
});

test("what a dead process held is taken over: its PID may be another's by now", () => {
  const held = holdRecord(begun);
  if (!held.ok) throw new Error(held.reason);
  held.value.write(held.value.record);
  const { process: mark } = held.value.record;
  for (const dead of [
    { ...mark, started: "1" },
    { ...mark, boot: "another" },
    { ...mark, pid: 2 ** 22 + 1 },
  ]) {
    writeFileSync(join(held.value.folder, "lock"), JSON.stringify(dead));
    expect(isLiving("one")).toBe(false);
    const left = holdLeft("one");
    expect(left?.record.name).toBe("one");
    left?.release();
  }
  expect(knownNames()).toEqual(["one"]);
});

test("folders of one name have leashes of two", () => {
  expect(usualName("/a/My App")).toMatch(/^my-app-[0-9a-f]{6}$/);
  expect(usualName("/a/app")).not.toBe(usualName("/b/app"));
  expect(usualName("/---")).toMatch(/^leash-/);
  // A name that is cut at a dash is one that a leash takes.
  for (const folder of ["/my-very-long-project-of-a-name", "/abcdefghijklmnopqrstuvw-xyz", "/-a-"])
    expect(checkName(usualName(folder)).ok, folder).toBe(true);
});

test("of a file that nobody named only what closes something counts", () => {
  const { words, ignored } = narrowing(
    {
      mode: "warn",
      owner: true,
      groups: { read: "deny", rootEquivalent: "allow" },
      routes: { "image-list": "deny", "swarm-init": "unjudged" },
      rules: { "guard-build-secret": "deny", "guard-bind-mount": "allow" },
      controls: {
        privileged: "off",
        "read-only-rootfs": "harden",
        "host-uts": "deny",
        "docker-socket-mount": "harden",
      },
      allow: { images: ["a/*"], mounts: ["/etc"], capabilities: ["SYS_ADMIN"] },
      redact: true,
    },
    defaultPolicy,
  );
  expect(words).toEqual({
    groups: { read: "deny" },
    routes: { "image-list": "deny" },
    rules: { "guard-build-secret": "deny" },
    controls: { "read-only-rootfs": "harden", "host-uts": "deny" },
    allow: { images: ["a/*"] },
    redact: true,
  });
  expect(ignored.toSorted()).toEqual(
    [
      "allow.capabilities",
      "allow.mounts",
      "controls.docker-socket-mount",
      "controls.privileged",
      "groups.rootEquivalent",
      "mode",
      "owner",
      "routes.swarm-init",
      "rules.guard-bind-mount",
    ].toSorted(),
  );
});

test("a leash is closed whatever a named file says of mode and owner, and nobody pushes", () => {
  const { policy } = leashPolicy({
    name: "one",
    value: "one-1",
    mounts: [{ source: "/w/**", readOnly: false }],
    socket: "/run/s",
    config: { words: { mode: "warn", owner: { label: "mine" }, allow: { mounts: ["/srv"] } }, isNamed: true },
  });
  expect(policy).toMatchObject({
    mode: "enforce",
    owner: { label: "bulkhead.owner", value: "one-1" },
    space: "bulkhead.invalid/one-1/",
    groups: { judged: "deny", rootEquivalent: "deny" },
  });
  expect(policy.allow.mounts.map(({ source }) => source)).toEqual(["/srv", "/w/**", "/run/s"]);
  expect(policy.routes["container-create"]).toBe("allow");
  expect(policy.routes["image-push"]).toBeUndefined();
});

test.each(["shared", "rshared"])("a mount with %s propagation is refused", (propagation) => {
  const { policy } = leashPolicy({
    ...{ name: "one", value: "one-1", socket: "/run/s", config: undefined },
    mounts: [{ source: "/w/**", readOnly: false }],
  });
  const world = { images: { app: { Config: {}, RepoTags: ["app:latest"] } } };
  const create = (HostConfig: object) =>
    decideIn(world, ask("container-create", {}, { body: { Image: "app", HostConfig } }), policy);
  const rulesOf = (decision: ReturnType<typeof create>) =>
    decision.verdict === "deny" ? decision.reasons.map(({ rule }) => rule) : [];
  const mount = { Type: "bind", Source: "/w/a", Target: "/a" };
  for (const asked of [
    { Binds: [`/w/a:/a:${propagation}`] },
    { Mounts: [{ ...mount, BindOptions: { Propagation: propagation } }] },
  ])
    expect(rulesOf(create(asked)), JSON.stringify(asked)).toContain("mount-propagation");
  expect(rulesOf(create({ Mounts: [mount] }))).not.toContain("mount-propagation");
});

test("a guard's helper is left once its process is dead, or another one has its number", () => {
  const of = (...marks: readonly (string | number)[]) =>
    isLeftHelper(`bulkhead.invalid/host:${marks.join("-")}`);
  expect(of(process.pid, startOf(process.pid), 1)).toBe(false);
  expect(of(process.pid, 1, 1)).toBe(true);
  expect(of(4_194_305, 1, 1)).toBe(true);
  expect(isLeftHelper("operators/app:4194305-1-1")).toBe(false);
});
