import { describe, expect, test } from "vitest";
import { isAllowedMount, matchesImage, matchesPath } from "./patterns.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("which images a pattern names", () => {
  test.each([
    ["nginx", "nginx", true],
    ["nginx", "nginx:1.27", true],
    ["nginx", `nginx@${digest}`, true],
    ["nginx", "docker.io/library/nginx", true],
    ["nginx", "me/nginx", false],
    ["nginx", "evil.io/nginx", false],
    ["nginx", "evil.io/library/nginx", false],
    ["nginx", "nginx-evil", false],
    ["nginx:1.27", "nginx:1.27", true],
    ["nginx:1.27", "nginx", false],
    ["nginx:1.27", "nginx:1.27.1", false],
    // Docker takes the digest and drops the tag: it may be any image of the repository.
    ["nginx:1.27", `nginx:1.27@${digest}`, false],
    ["nginx:1.*", "nginx:1.27", true],
    ["nginx:1.*", "nginx:2.1", false],
    [`nginx@${digest}`, `nginx@${digest}`, true],
    [`nginx@${digest}`, "nginx", false],
    ["ghcr.io/me/*", "ghcr.io/me/app:1", true],
    ["ghcr.io/me/*", "ghcr.io/meadow/app", false],
    ["localhost:5000/*", "localhost:5000/app:1", true],
    ["localhost:5000/*", "localhost/app:5000", false],
    ["docker.io/*", "me/app", true],
    ["docker.io/*", "nginx", true],
    ["docker.io/*", "ghcr.io/me/app", false],
    // Docker takes a first part with a capital for a registry.
    ["docker.io/*", "LOCALHOST/x", false],
    ["docker.io/*", "Evil/x", false],
    ["*", "anything.io/at/all:1", true],
    ["a.b", "aXb", false],
    ["*/app", "ghcr.io/me/app:1", true],
    ["*/app", `ghcr.io/me/app@${digest}`, true],
    ["*/app", "app", true],
    ["*/app", "ghcr.io/me/app/other", false],
    ["*/app:1", "ghcr.io/me/app:1", true],
    ["*/app:1", "ghcr.io/me/app:2", false],
    ["*/app:latest", "ghcr.io/me/app", true],
    ["*:1.*", "ghcr.io/me/app:1.2", true],
    ["*:5*", "localhost:5000/app", false],
    // What follows a digest's colon is no tag.
    ["ghcr.io/me/*:a*", `ghcr.io/me/app@${digest}`, false],
    ["*:a*", `ghcr.io/me/app@${digest}`, false],
    ["*@sha256:*", `ghcr.io/me/app@${digest}`, true],
    ["*@sha256:*", "ghcr.io/me/app", false],
    // A name below another registry may look like a registry.
    ["*.example.com/*", "ci.example.com/app", true],
    ["*.example.com/*", "evil.io/x.example.com/app", false],
    ["*.example.com/*:1", "evil.io/x.example.com/app:1", false],
    ["ci*.example.com/app", "ci2.example.com/app", true],
    ["ci*.example.com/app", "ci.evil.io/x.example.com/app", false],
    ["*:5000/app", "ci:5000/app", true],
    ["*:5000/app", "evil.io/ci:5000/app", false],
    ["docker.io/*:1", "me/app:1", true],
    ["index.docker.io/*", "me/app:1", true],
  ])("%s, %s: %s", (pattern, reference, expected) => {
    expect(matchesImage(reference, [pattern])).toBe(expected);
  });
});

describe("which paths a pattern names", () => {
  test.each([
    ["/srv", "/srv", true],
    ["/srv", "/srv/x", false],
    ["/srv/**", "/srv", true],
    ["/srv/**", "/srv/a/b", true],
    ["/srv/**", "/srv2", false],
    ["/srv/*", "/srv/a", true],
    ["/srv/*", "/srv/a/b", false],
    ["/srv/*/data", "/srv/a/data", true],
    ["/srv/a.b", "/srv/aXb", false],
    ["/**", "/etc", true],
    ["/**", "/", true],
    ["/srv/**/data", "/srv/a/b/data", true],
    ["/srv/**/data", "/srv/a/b/data/x", false],
    ["/srv/**/a*/b", "/srv/x/ac/ab/b", true],
    ["/srv/**/a*/b", "/srv/ab/c/b", false],
    ["/srv/*/*", "/srv/a/", true],
    ["/srv/a*c*e", "/srv/abcbcde", true],
    ["/srv/a*c*e", "/srv/abcbcd", false],
    ["/srv/*a", "/srv/b/a", false],
  ])("%s, %s: %s", (pattern, path, expected) => {
    expect(matchesPath(path, pattern)).toBe(expected);
  });

  test("dots are followed before they are compared, and read-only is no more than that", () => {
    expect(isAllowedMount("/srv/../etc", false, [{ source: "/srv/**", readOnly: false }])).toBe(false);
    expect(isAllowedMount("/srv/x", false, [{ source: "/srv/**", readOnly: true }])).toBe(false);
    expect(isAllowedMount("/srv/x", true, [{ source: "/srv/**", readOnly: true }])).toBe(true);
  });
});
