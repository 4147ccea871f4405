import { expect, it } from "vitest";
import { type EngineEvent, readEvent } from "../../engine/event.ts";
import { causeOf, touchOf } from "./touch.ts";

function event(
  type: string,
  action: string,
  id: string,
  attributes: Record<string, string> = {},
): EngineEvent {
  const text = `{"Type":"${type}","Action":"${action}","Actor":{"ID":"${id}","Attributes":${JSON.stringify(attributes)}},"timeNano":1764041285123456789}`;
  const read = readEvent(text);
  if (!read) throw new Error(`no event: ${text}`);
  return read;
}

it("what can change what is judged of a container touches it", () => {
  for (const action of ["create", "start", "update", "rename", "die"])
    expect(touchOf(event("container", action, "c1"))).toEqual({ touch: "container", id: "c1" });
  expect(touchOf(event("container", "destroy", "c1"))).toEqual({ touch: "gone", id: "c1" });
  expect(touchOf(event("network", "connect", "n1", { container: "c1" }))).toEqual({
    touch: "network",
    id: "c1",
  });
});

it("an exec touches itself alone, however often a health check runs", () => {
  const started = event("container", "exec_start: sh -c x", "c1", { execID: "e1" });
  expect(touchOf(started)).toEqual({ touch: "exec", id: "c1", exec: "e1" });
  expect(touchOf(event("container", "exec_die", "c1", { execID: "e1" }))).toEqual({
    touch: "exec-ended",
    id: "c1",
    exec: "e1",
  });
  expect(touchOf(event("container", "exec_create: sh", "c1", { execID: "e1" }))).toEqual({
    touch: "nothing",
  });
});

it("a daemon that reloads its configuration, and a plugin, touch the engine", () => {
  expect(touchOf(event("daemon", "reload", "d1"))).toEqual({ touch: "engine" });
  expect(touchOf(event("plugin", "enable", "p1"))).toEqual({ touch: "engine" });
});

it("the rest touches nothing", () => {
  for (const action of ["attach", "kill", "top", "resize", "health_status: healthy", "export", "exec_detach"])
    expect(touchOf(event("container", action, "c1"))).toEqual({ touch: "nothing" });
  expect(touchOf(event("volume", "create", "v1"))).toEqual({ touch: "nothing" });
  expect(touchOf(event("network", "create", "n1"))).toEqual({ touch: "nothing" });
});

it("a cause names the exec's program and no argument of it", () => {
  const started = event("container", "exec_start: mysql -phunter2", "c1", { execID: "e1", name: "db" });
  const cause = causeOf(started, "mysql");
  expect(cause).toEqual({
    kind: "event",
    type: "container",
    action: "exec_start",
    actor: { id: "c1", name: "db" },
    process: "mysql",
    time: "2025-11-25T03:28:05.123Z",
  });
});
