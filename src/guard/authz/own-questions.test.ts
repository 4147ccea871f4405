import { expect, test } from "vitest";
import type { AuthzMessage } from "./message.ts";
import { ownQuestions } from "./own-questions.ts";

const own = ownQuestions();

function asked(method: string, target: string, secret = own.header[1]): AuthzMessage {
  return {
    method,
    target,
    headers: [[own.header[0], secret]],
    body: undefined,
    user: undefined,
    authenticatedBy: undefined,
  };
}

test.each([
  "/_ping",
  "/v1.45/info",
  "/v1.45/version",
  "/v1.45/containers/json?all=1",
  "/v1.45/containers/web/json",
  "/v1.45/images/library/nginx:1.27/json",
  "/v1.45/exec/0123/json",
  "/v1.45/networks/mynet?verbose=false",
  "/v1.45/volumes/data",
])("%s is the guard's own, with its secret", (target) => {
  expect(own.isOwn(asked("GET", target))).toBe(true);
  expect(own.isOwn(asked("GET", target, "0".repeat(64)))).toBe(false);
  expect(own.isOwn(asked("GET", target, ""))).toBe(false);
  expect(own.isOwn({ ...asked("GET", target), headers: [] })).toBe(false);
});

test.each([
  ["POST", "/v1.45/containers/create"],
  ["DELETE", "/v1.45/containers/web"],
  ["GET", "/v1.45/containers/web/archive?path=/json"],
  ["GET", "/v1.45/containers/web/export"],
  ["GET", "/v1.45/containers/web/logs"],
  ["GET", "/v1.45/containers/web/attach/ws"],
  ["GET", "/v1.45/events"],
  ["GET", "/v1.45/swarm/unlockkey"],
])("%s %s is not, no matter who knows the secret", (method, target) => {
  expect(own.isOwn(asked(method, target))).toBe(false);
});

test("each start has a secret of its own", () => {
  expect(ownQuestions().header[1]).not.toBe(own.header[1]);
});
