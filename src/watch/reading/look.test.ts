import { expect, it, onTestFinished } from "vitest";
import type { Cause } from "../change.ts";
import { attributed } from "./look.ts";
import { testSession } from "./testing/session.ts";

it("a sweep that comes by while a written limit waits for its look names the file; what knows its cause keeps it", () => {
  const file: Cause = { kind: "file", path: "/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes" };
  const { session, stop } = testSession({}, []);
  onTestFinished(stop);
  session.written.set("a", file);
  expect(attributed(session, "a", { kind: "sweep" })).toEqual(file);
  expect(attributed(session, "b", { kind: "sweep" })).toEqual({ kind: "sweep" });
  expect(attributed(session, "a", { kind: "reconnect" })).toEqual({ kind: "reconnect" });
});
