import { expect, test } from "vitest";
import type { Route } from "../routes/route.ts";
import type { AuthzMessage } from "./message.ts";
import { seeRequest } from "./raw.ts";

function route(method: Route["method"], path: string, body: Route["body"]): Route {
  return { id: "x", method, path, group: "judged", query: {}, body, response: "json" };
}

const json: Route["body"] = { kind: "json", shape: { kind: "struct", fields: {} }, optional: true };
const create = route("POST", "/containers/create", json);
const start = route("POST", "/containers/{container}/start", { kind: "none" });
const build = route("POST", "/build", { kind: "tar" });
const load = route("POST", "/images/load", { kind: "tar" });
const importing = route("POST", "/images/create", { kind: "tar" });
const copy = route("PUT", "/containers/{container}/archive", { kind: "tar" });
const list = route("GET", "/containers/json", { kind: "none" });
const remove = route("DELETE", "/containers/{container}", { kind: "none" });
const login = route("POST", "/auth", json);

function message(of: Route, headers: Readonly<Record<string, string>>, body?: string): AuthzMessage {
  return {
    method: of.method,
    target: of.path,
    headers: Object.entries(headers),
    body: body === undefined ? undefined : Buffer.from(body),
    user: undefined,
    authenticatedBy: undefined,
  };
}

function kind(of: Route, headers: Readonly<Record<string, string>>, body?: string): string {
  const seen = seeRequest(message(of, headers, body), of);
  return seen.ok ? seen.raw.body.kind : seen.rule;
}

const type = (text: string, length?: string) => ({
  "Content-Type": text,
  ...(length !== undefined && { "Content-Length": length }),
});

test.each([
  ["JSON that is shown", create, type("application/json", "2"), "{}", "bytes"],
  ["nothing, and said so", start, type("text/plain", "0"), undefined, "none"],
  ["nothing, without a word: curl -X POST", start, {}, undefined, "none"],
  ["a read", list, {}, undefined, "none"],
  ["a removal", remove, type("text/plain"), undefined, "none"],
  ["a pull", importing, type("text/plain", "0"), undefined, "none"],
  ["an archive to load", load, type("application/x-tar"), undefined, "stream"],
  ["an archive to copy", copy, type("application/x-tar"), undefined, "stream"],
  ["an archive that has no type", build, {}, undefined, "stream"],
  ["a pull without a word", importing, {}, undefined, "none"],
  ["an archive too long for a form", build, type("application/x-tar", "20000000"), undefined, "stream"],
])("%s is taken", (_, of, headers, body, expected) => {
  expect(kind(of, headers, body)).toBe(expected);
});

test.each([
  // CVE-2024-41110: an Engine that has it shows no chunked body.
  ["a chunked body that is not shown", create, type("application/json")],
  ["JSON of 1 MiB", create, type("application/json", "1048576")],
  ["a body of another type", create, type("text/plain", "2")],
  ["a form", start, type("application/x-www-form-urlencoded", "8")],
  ["a chunked form", start, type("application/x-www-form-urlencoded")],
  ["a first Content-Type that hides behind the last", create, type("application/json", "2")],
  ["one that hides behind a pull", importing, type("application/json", "20")],
  ["a body of a removal", remove, type("application/json", "2000000")],
  ["a login", login, type("application/json", "80")],
])("%s is refused", (_, of, headers) => {
  expect(kind(of, headers)).toBe("guard-body");
});

test.each([
  ["to build", build, type("application/x-tar")],
  ["to import", importing, type("application/x-tar", "500")],
])(
  "a form that may hide behind an archive %s is refused, unless the policy lets it pass",
  (_, of, headers) => {
    expect(seeRequest(message(of, headers), of)).toMatchObject({
      ok: false,
      rule: "guard-hidden-form",
      raw: { body: { kind: "stream" } },
    });
  },
);
