import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { EngineEvent } from "../../engine/event.ts";
import { openCallers } from "./callers.ts";

const at = Date.UTC(2027, 0, 31, 12);
const id = "4f5e".padEnd(64, "0");

function event(action: string, more: Partial<EngineEvent> = {}): EngineEvent {
  const timeNano = BigInt(at) * 1_000_000n;
  return {
    ...{ type: "container", action, id, name: "web", container: undefined, execId: undefined, timeNano },
    ...{ identity: "" },
    ...more,
  };
}

function guard() {
  const path = join(testFolder(), "guard.log");
  writeFileSync(path, "");
  const said: string[] = [];
  const callers = openCallers([path], (text) => said.push(text));
  onTestFinished(() => callers.close());
  const log = (route: string, object: object, more: object = {}) =>
    appendFileSync(
      path,
      `${JSON.stringify({
        time: new Date(at - 100).toISOString(),
        ...{ client: "ci", listener: "unix:///run/ci.sock", route, object, verdict: "allow" },
        ...more,
      })}\n`,
    );
  return { path, said, callers, log };
}

const ci = { client: "ci", listener: "unix:///run/ci.sock" };

it.each([
  ["create", "container-create", { name: "web", image: "nginx" }],
  ["create", "container-create", { image: "nginx" }],
  ["start", "container-start", { container: "web" }],
  ["start", "container-restart", { container: id }],
  ["update", "container-update", { container: id.slice(0, 12) }],
  ["rename", "container-rename", { container: "old", name: "web" }],
  ["die", "container-kill", { container: "web" }],
  ["destroy", "container-delete", { container: "web" }],
])("%s is by who asked for %s of %o", (action, route, object) => {
  const { callers, log } = guard();
  log(route, object);
  expect(callers.find(event(action))).toEqual(ci);
  // The next one is of another call.
  expect(callers.find(event(action))).toBeNull();
});

it.each([
  ["container-delete", { container: "web" }, ["die", "destroy"]],
  ["container-restart", { container: "web" }, ["die", "start"]],
])("%s of %o leads to %j", (route, object, actions) => {
  const { callers, log } = guard();
  log(route, object);
  expect(actions.map((action) => callers.find(event(action)))).toEqual([ci, ci]);
});

it("a prune leads to the end of all that are removed before it says that it is over", () => {
  const { callers, log } = guard();
  const destroyed = (one: string) => callers.find(event("destroy", { id: one, name: one }));
  log("container-prune", {});
  expect(["a", "b"].map(destroyed)).toEqual([ci, ci]);
  callers.find(event("prune", { id: "", name: undefined }));
  expect(destroyed("c")).toBeNull();
});

it("a container without a name is nobody's where two clients made one", () => {
  const { callers, log } = guard();
  log("container-create", { image: "nginx" });
  log("container-create", { image: "redis" }, { client: "ops" });
  expect(callers.find(event("create"))).toBeNull();
});

it("an exec is by its own id", () => {
  const { callers, log } = guard();
  log("exec-start", { exec: "aa" });
  log("exec-start", { exec: "bb" }, { client: "ops" });
  expect(callers.find(event("exec_start", { execId: "aa" }))).toEqual(ci);
  expect(callers.find(event("exec_start", { execId: "cc" }))).toBeNull();
});

it("is nobody's where the call is another one's, was denied, is too old, or is no line of a guard", () => {
  const { callers, log, path } = guard();
  log("container-update", { container: "db" });
  log("container-start", { container: "web" });
  log("container-update", { container: "web" }, { verdict: "deny" });
  log("container-update", { container: "web" }, { time: new Date(at - 31_000).toISOString() });
  log("container-update", { container: "web" }, { time: new Date(at + 2_000).toISOString() });
  appendFileSync(path, "no json\n{}\n[]\n");
  expect(callers.find(event("update"))).toBeNull();
});

it("reads no half a line, and goes on where the log is moved away and begun anew", () => {
  const { callers, log, path } = guard();
  const line = `${JSON.stringify({ time: new Date(at).toISOString(), client: "é", listener: "l", route: "container-start", object: { container: "web" }, verdict: "allow" })}\n`;
  const bytes = Buffer.from(line);
  const half = bytes.indexOf(0xc3) + 1;
  appendFileSync(path, bytes.subarray(0, half));
  expect(callers.find(event("start"))).toBeNull();
  appendFileSync(path, bytes.subarray(half));
  log("container-start", { container: id });
  renameSync(path, `${path}.1`);
  log("container-start", { container: id }, { client: "late" });
  const found = [1, 2, 3].map(() => callers.find(event("start"))?.client);
  expect(found.toSorted()).toEqual(["ci", "late", "é"]);
});

it("reads the first line of a log that was emptied, also after half a line", () => {
  const { callers, log, path } = guard();
  appendFileSync(path, `{"time":"${"x".repeat(500)}`);
  expect(callers.find(event("start"))).toBeNull();
  writeFileSync(path, "");
  log("container-start", { container: "web" });
  expect(callers.find(event("start"))).toEqual(ci);
});

it("says once that a log cannot be read, and reads it when it comes", () => {
  const path = join(testFolder(), "guard.log");
  const said: string[] = [];
  const callers = openCallers([path], (text) => said.push(text));
  onTestFinished(() => callers.close());
  expect(callers.find(event("start"))).toBeNull();
  expect(said).toHaveLength(1);
  expect(said[0]).toBe(`the guard's log ${path} cannot be read: it does not exist`);
  const time = new Date(at).toISOString();
  writeFileSync(
    path,
    `${JSON.stringify({ time, ...ci, route: "container-start", object: { container: "web" }, verdict: "harden" })}\n`,
  );
  expect(callers.find(event("start"))).toEqual(ci);
});
