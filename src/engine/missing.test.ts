import { expect, test } from "vitest";
import { firstLine } from "../base/error-words.ts";
import { whyMissing } from "./connect.ts";

test.each([
  ["/containers/web/json", "No such container: web", "there is no container web"],
  ["/containers/web/stats?stream=false", "", "there is no container web"],
  [
    "/images/reg.example%3A5000/team/app%3A1/json",
    "No such image",
    "there is no image reg.example:5000/team/app:1",
  ],
  ["/v1.45/containers/web/json", "", "there is no container web"],
  ["/v1.45/containers/json", "", "it does not know /containers/json"],
  ["/exec/abc/json", "", "there is no exec process abc"],
  ["/containers/json?all=1", "", "it does not know /containers/json"],
  ["/nosuch", "page not found", "page not found"],
])("what is not there, of %s", (path, said, reason) => {
  expect(whyMissing(path, said)).toBe(reason);
});

// As runc 1.1 said it of a container with 6 MiB, by way of dockerd 28.
test("what a runtime says at the end of a long line is not cut off", () => {
  const said =
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error setting cgroup config for procHooks process: unable to set memory limit to 6291456 (current usage: 7823360, peak usage: 7987200): unknown";
  expect(firstLine(`${said}\nmore`)).toBe(said);
  expect(firstLine("x".repeat(600))).toBe(`${"x".repeat(500)}…`);
});
