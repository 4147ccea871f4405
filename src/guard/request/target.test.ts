import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findRoute } from "./target.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("what a request-line may name", () => {
  test.each([
    ["GET", "/_ping", "ping", {}],
    ["HEAD", "/_ping", "ping-head", {}],
    ["GET", "/version", "version", {}],
    ["GET", "/v1.41/version", "version", {}],
    ["GET", "/v1.54/containers/json", "container-list", {}],
    ["GET", "/v1.45/containers/json?", "container-list", {}],
    ["GET", "/v1.45/containers/web/json", "container-inspect", { container: "web" }],
    ["GET", "/v1.45/containers/json/json", "container-inspect", { container: "json" }],
    ["DELETE", "/v1.45/containers/prune", "container-delete", { container: "prune" }],
    [
      "GET",
      "/v1.45/containers/s_web.1.2/attach/ws",
      "container-attach-websocket",
      { container: "s_web.1.2" },
    ],
    ["DELETE", "/containers/a/checkpoints/b", "checkpoint-delete", { container: "a", checkpoint: "b" }],
    ["POST", "/v1.45/exec/0af/start", "exec-start", { exec: "0af" }],
    ["GET", "/images/nginx/json", "image-inspect", { image: "nginx" }],
    ["GET", "/images/get", "image-save-many", {}],
    ["GET", "/images/get/get", "image-save", { image: "get" }],
    [
      "GET",
      `/images/r.example:5000/a/b-c__d:V1@${digest}/json`,
      "image-inspect",
      { image: `r.example:5000/a/b-c__d:V1@${digest}` },
    ],
    ["GET", `/images/${digest}/history`, "image-history", { image: digest }],
    ["GET", "/images/a/json/json", "image-inspect", { image: "a/json" }],
    [
      "GET",
      "/images/r.example%3A5000%2fa%40sha256%3a0123456789abcdef0123456789abcdef/json",
      "image-inspect",
      { image: "r.example:5000/a@sha256:0123456789abcdef0123456789abcdef" },
    ],
    ["DELETE", "/images/a/b", "image-delete", { image: "a/b" }],
    ["GET", "/distribution/library/nginx/json", "distribution-inspect", { image: "library/nginx" }],
    ["POST", "/plugins/vieux/sshfs:latest/enable", "plugin-enable", { plugin: "vieux/sshfs:latest" }],
    ["GET", "/volumes/data", "volume-inspect", { volume: "data" }],
    ["POST", "/volumes/create", "volume-create", {}],
    ["PUT", "/v1.42/volumes/create", "volume-update", { volume: "create" }],
    ["GET", "/nodes/self", "node-inspect", { node: "self" }],
  ])("%s %s", (method, target, id, params) => {
    const found = findRoute(method, target);
    if (!found.ok) throw new Error(found.message);
    expect([found.route.id, { ...found.params }]).toEqual([id, params]);
  });

  test.each([
    ["two slashes at the start", "//v1.45/containers/json"],
    ["two slashes inside", "/v1.45//containers/json"],
    ["two slashes before a name", "/v1.45/containers//json"],
    ["two slashes in a reference", "/v1.45/images/a//b/json"],
    ["two slashes in a reference, one escaped", "/v1.45/images/a/%2fb/json"],
    ["a dot", "/v1.45/./containers/json"],
    ["two dots", "/v1.45/containers/../images/json"],
    ["two dots, escaped", "/v1.45/containers/%2e%2e/images/json"],
    ["two dots, half escaped", "/v1.45/containers/.%2E/json"],
    ["two dots at the end", "/v1.45/containers/json/.."],
    ["two dots in a reference", "/v1.45/images/a/../json"],
    ["two dots in a reference, behind an escaped slash", "/v1.45/images/a%2f../json"],
    ["the absolute form", "http://docker/v1.45/containers/json"],
    ["the authority form", "docker:80"],
    ["the asterisk form", "*"],
    ["nothing", ""],
    ["a path without a slash", "containers/json"],
    ["a fragment", "/v1.45/containers/json#x"],
    ["an escaped fragment", "/v1.45/containers/json%23x"],
    ["an escaped question mark", "/v1.45/containers/json%3fall=1"],
    ["a backslash", "/v1.45/containers\\json"],
    ["a path parameter", "/v1.45/containers/json;a=1"],
    ["a space", "/v1.45/containers/json /x"],
    ["an escaped space", "/v1.45/containers/json%20"],
    ["a NUL", "/v1.45/containers/json\u0000"],
    ["an escaped NUL", "/v1.45/images/a%00/json"],
    ["a line break", "/v1.45/containers/json\r\nX: y"],
    ["an escaped line break", "/v1.45/containers/a%0d%0a/json"],
    ["beyond ASCII", "/v1.45/containers/w\u00e9b/json"],
    ["a long s for an s", "/v1.45/container\u017f/json"],
    ["an escaped letter of a word", "/v1.45/%63ontainers/json"],
    ["an escaped slash in a container's name", "/v1.45/containers/a%2fjson/json"],
    ["an escaped letter of a container's name", "/v1.45/containers/%77eb/json"],
    ["an escape of an escape", "/v1.45/images/a%252fb/json"],
    ["an escaped letter of a reference", "/v1.45/images/%61/json"],
    ["a slash at the end", "/v1.45/containers/json/"],
    ["the list of networks, with a slash", "/v1.45/networks/"],
    ["the slash that the API puts before a name", "/v1.45/containers//web/json"],
  ])("not %s", (_, target) => {
    const found = findRoute("GET", target);
    expect(found.ok ? found.route.id : found.rule).toBe("guard-path");
  });

  test.each([
    "v1.045",
    "v01.45",
    "v1.45.0",
    "v1.45.",
    "v1..45",
    "v1.45%2Fcontainers",
    "v1",
    "v1.",
    "v2.45",
    "v1.4",
    "v1.23",
    "v1.55",
    "v1.99",
    "v1.454",
    "v1.4555",
    "v0.45",
    "v1.045",
    "v1.45a",
    "v1.45-",
    "v1.45~1",
    "v.45",
    "v1.４５",
  ])("not version %s", (version) => {
    const found = findRoute("GET", `/${version}/containers/json`);
    expect(found.ok ? found.route.id : found.rule).toMatch(/^guard-(version|path)$/);
  });

  test("not a version twice, in upper case, or alone", () => {
    for (const target of ["/v1.45/v1.45/containers/json", "/V1.45/containers/json", "/v1.45", "/v1.45/"])
      expect(findRoute("GET", target).ok).toBe(false);
  });

  test("nothing of Podman's own API, in any version", () => {
    for (const target of ["/libpod/info", "/v5.0.0/libpod/containers/json", "/v1.45/libpod/pods/json"])
      expect(findRoute("GET", target)).toMatchObject({
        rule: "guard-route",
        message: expect.stringContaining("Podman's own API"),
      });
    expect(findRoute("GET", "/libpods")).toMatchObject({ ok: false });
  });

  test("not a route before the version that brought it", () => {
    expect(findRoute("PUT", "/v1.41/volumes/a")).toMatchObject({
      rule: "guard-version",
      message: "volume-update is not part of API 1.41",
    });
    expect(findRoute("PUT", "/volumes/a").ok).toBe(true);
  });

  test.each([
    ["OPTIONS", "/v1.45/containers/json"],
    ["PATCH", "/v1.45/containers/web"],
    ["get", "/v1.45/containers/json"],
    ["HEAD", "/v1.45/containers/json"],
    ["CONNECT", "/v1.45/containers/json"],
    ["TRACE", "/_ping"],
    ["PUT", "/v1.45/containers/create"],
    ["GET", "/v1.45/containers/create"],
    ["POST", "/v1.45/containers/web/copy"],
    ["GET", "/v1.45/images/nginx/attestations"],
    ["GET", "/v1.45/debug/vars"],
    ["GET", "/debug/pprof/"],
    ["GET", "/debug/pprof/heap"],
    ["GET", "/v1.45/containers/web"],
    ["GET", "/v1.45/containers/-web/json"],
    ["GET", "/v1.45/containers/_web/json"],
    ["GET", "/v1.45/containers/.web/json"],
    ["GET", "/v1.45/containers/a,b/json"],
    ["GET", "/v1.45/containers/a:b/json"],
    ["GET", "/v1.45/containers/a@b/json"],
    ["GET", "/v1.45/containers/*/json"],
    ["GET", "/v1.45/containers/a/b/json"],
    ["GET", "/v1.45/containers/web/json/attach"],
    ["POST", "/v1.45/exec/a/b/start"],
    ["POST", "/v1.45/exec/XYZ/start"],
    ["GET", "/v1.45/images/Nginx/json"],
    ["GET", "/v1.45/images/a:/json"],
    ["GET", "/v1.45/images/a@/json"],
    ["GET", "/v1.45/images/a@sha256:zz/json"],
    ["GET", "/v1.45/images/a:b:c/json"],
    ["GET", "/v1.45/images/a:.b/json"],
    ["GET", "/v1.45/images/-a/json"],
    ["GET", "/v1.45/images/json/"],
    ["DELETE", "/v1.45/networks/a/b"],
    ["GET", "/v1.45/services/a/b/logs"],
    ["GET", "/v1.45/constructor"],
    ["GET", "/v1.45/__proto__"],
  ])("not %s %s", (method, target) => {
    expect(findRoute(method, target).ok).toBe(false);
  });

  test("not a name or reference without end", () => {
    expect(findRoute("GET", `/containers/${"a".repeat(512)}/json`).ok).toBe(true);
    expect(findRoute("GET", `/containers/${"a".repeat(513)}/json`).ok).toBe(false);
    // an expression that goes back and forth would not end before the test's time does
    expect(findRoute("GET", `/images/${"a-".repeat(100_000)}/json`).ok).toBe(false);
    expect(findRoute("GET", `/images/${"a.b/".repeat(100_000)}/json`).ok).toBe(false);
  });

  test("a refusal shows what was asked for in ASCII, cut", () => {
    const found = findRoute("GET", `/${"x".repeat(500)}`);
    expect(found.ok ? "" : found.message).toMatch(/^"GET" "\/x{59}\.\.\." is not a route/);
  });

  test("whatever is found has a path of plain characters, whatever was sent", () => {
    const pieces = fc.constantFrom(
      ..."/ . .. // %2f %2F %2e %00 %25 ; # ? \\ a A 0 - _ : @ v1.45 v1.45. containers images json nginx exec start volumes networks \u017f \u0000".split(
        " ",
      ),
      " ",
    );
    fc.assert(
      fc.property(
        fc.constantFrom("GET", "POST", "DELETE"),
        fc.array(pieces, { maxLength: 8 }),
        (method, parts) => {
          const found = findRoute(method, `/${parts.join("/").replaceAll("//", "/")}`);
          if (!found.ok) return;
          for (const value of Object.values(found.params))
            expect(value).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.:@/-]*$/);
          for (const value of Object.values(found.params)) expect(value).not.toMatch(/\/\/|\/\.|\.\.\//);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
