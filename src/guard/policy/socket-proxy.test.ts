import { expect, test } from "vitest";
import { ask } from "../../../test/support/guard/guard.ts";
import { shutRoutes } from "../judge/policy/rules.ts";
import { checkRoute } from "../judge/route-checks.ts";
import { routes } from "../routes/table.ts";
import { defaultPolicy } from "./defaults.ts";
import { socketProxy } from "./socket-proxy.ts";

function proxy(environment: Readonly<Record<string, string>>) {
  return socketProxy(defaultPolicy, environment, routes);
}

function open(environment: Readonly<Record<string, string>>): string[] {
  return Object.keys(proxy(environment).policy.routes);
}

test("without a variable: events, ping and version", () => {
  expect(open({}).sort()).toEqual(["events", "ping", "ping-head", "version"]);
  expect(new Set(Object.values(proxy({}).policy.groups))).toEqual(new Set(["deny"]));
});

test("what is on by default can be turned off", () => {
  expect(open({ EVENTS: "0", PING: "0", VERSION: "" })).toEqual([]);
});

test("a section without POST is for reading", () => {
  const containers = open({ CONTAINERS: "1" });
  expect(containers).toEqual(
    expect.arrayContaining(["container-list", "container-inspect", "container-logs"]),
  );
  expect(containers).not.toContain("container-create");
  expect(containers).not.toContain("container-delete");
});

test("POST alone opens nothing", () => {
  expect(open({ POST: "1" }).sort()).toEqual(["events", "ping", "ping-head", "version"]);
});

test("POST and a section open all of it", () => {
  expect(open({ POST: "1", CONTAINERS: "1" })).toEqual(
    expect.arrayContaining(["container-create", "container-delete", "exec-create", "container-archive-put"]),
  );
  expect(open({ POST: "1", CONTAINERS: "1" })).not.toContain("exec-start");
  expect(open({ POST: "1", EXEC: "1" })).toContain("exec-start");
  expect(open({ POST: "1", BUILD: "1" })).toEqual(expect.arrayContaining(["build", "build-prune"]));
});

test.each([
  ["ALLOW_START", ["container-start"]],
  ["ALLOW_STOP", ["container-stop"]],
  ["ALLOW_RESTARTS", ["container-stop", "container-restart", "container-kill"]],
  ["ALLOW_PAUSE", ["container-pause"]],
  ["ALLOW_UNPAUSE", ["container-unpause"]],
])("%s opens its actions, with POST", (name, actions) => {
  const usual = open({});
  expect(
    open({ POST: "1", [name]: "1" })
      .filter((id) => !usual.includes(id))
      .sort(),
  ).toEqual([...actions].sort());
  expect(open({ [name]: "1" })).toEqual(usual);
});

test("an action without POST is told to open nothing", () => {
  expect(proxy({ ALLOW_START: "1", ALLOW_STOP: "0" }).notes).toEqual([
    "ALLOW_START opens nothing without POST=1, as docker-socket-proxy reads it",
  ]);
  expect(proxy({ ALLOW_START: "1", POST: "1" }).notes).toEqual([]);
});

test.each([
  ["ALLOW_LOGS", ["container-logs"]],
  ["ALLOW_TOP", ["container-top"]],
  ["ALLOW_CHANGES", ["container-changes"]],
  ["ALLOW_EXPORT", ["container-export"]],
  ["ALLOW_ARCHIVE", ["container-archive-get", "container-archive-put", "container-archive-stat"]],
])("%s closes its part of CONTAINERS, where it is said and off", (name, parts) => {
  const all = open({ CONTAINERS: "1", POST: "1" });
  expect(all).toEqual(expect.arrayContaining([...parts]));
  expect(open({ CONTAINERS: "1", POST: "1", [name]: "1" })).toEqual(all);
  const left = open({ CONTAINERS: "1", POST: "1", [name]: "0" });
  expect(all.filter((id) => !left.includes(id)).sort()).toEqual([...parts].sort());
  expect(open({ [name]: "1" })).toEqual(open({}));
});

/** As haproxy 3.0 reads `{ env(X) -m bool }`, tried one by one. */
test.each([
  ["1", true],
  ["2", true],
  ["-1", true],
  ["01", true],
  ["0", false],
  ["", false],
  ["true", false],
  ["yes", false],
  [" 1", false],
])("INFO=%j is %s", (value, on) => {
  expect(open({ INFO: value }).includes("info")).toBe(on);
});

test("a word that is meant to be on is told", () => {
  expect(proxy({ CONTAINERS: "true" }).notes).toEqual([
    "CONTAINERS=true is off, as docker-socket-proxy reads it: 0 or 1 is expected",
  ]);
  expect(proxy({ CONTAINERS: "1", POST: "0" }).notes).toEqual([]);
});

test("the controls stay as they are", () => {
  const { policy } = proxy({ POST: "1", CONTAINERS: "1" });
  expect(policy.controls).toBe(defaultPolicy.controls);
  expect(policy.rules).toBe(defaultPolicy.rules);
});

test.each([
  [{}, "tcp://[::]:2375"],
  [{ DISABLE_IPV6: "1" }, "tcp://0.0.0.0:2375"],
  [{ DISABLE_IPV6: "True" }, "tcp://0.0.0.0:2375"],
  [{ DISABLE_IPV6: "0" }, "tcp://[::]:2375"],
  [{ BIND_CONFIG: ":2376" }, "tcp://0.0.0.0:2376"],
  [{ BIND_CONFIG: "127.0.0.1:2375" }, "tcp://127.0.0.1:2375"],
  [{ BIND_CONFIG: "[::]:2375 v4v6" }, "tcp://[::]:2375"],
])("%j listens at %s", (environment, address) => {
  expect(proxy(environment).listen).toBe(address);
});

test("the Engine is where SOCKET_PATH says", () => {
  expect(proxy({}).host).toBe("unix:///var/run/docker.sock");
  expect(proxy({ SOCKET_PATH: "/run/balena-engine.sock" }).host).toBe("unix:///run/balena-engine.sock");
});

test("a section opens routes and turns no rule off: what would give root or dial any host stays shut", () => {
  const { policy } = proxy({
    POST: "1",
    PLUGINS: "1",
    IMAGES: "1",
    DISTRIBUTION: "1",
    SWARM: "1",
    SECRETS: "1",
    SERVICES: "1",
  });
  for (const id of [
    "plugin-pull",
    "plugin-enable",
    "image-search",
    "distribution-inspect",
    "swarm-init",
    "service-create",
  ]) {
    expect(policy.routes[id]).toBe("allow");
    const found = { state: "found", id: "x", document: {} } as const;
    const judged = checkRoute(ask(id, {}, { body: {} }), { ask: () => found, open: () => [], policy });
    expect(judged.reasons?.map(({ rule }) => rule)).toContain(Reflect.get(shutRoutes, id));
  }
});
