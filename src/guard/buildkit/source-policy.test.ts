import { describe, expect, test } from "vitest";
import { recordAt } from "../../base/json.ts";
import { wildcard } from "../../base/wildcard.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import type { Policy } from "../policy/policy.ts";
import { solveRequest } from "./messages.ts";
import { type Message, readMessage, writeMessage } from "./protobuf.ts";
import { sourcePolicy } from "./source-policy.ts";

const digest = `sha256:${"a".repeat(64)}`;

function listing(allow: Partial<Policy["allow"]>, more: Partial<Policy> = {}): Policy {
  return { ...defaultPolicy, ...more, allow: { ...defaultPolicy.allow, ...allow } };
}

/** What BuildKit does with an image: the last rule that matches counts, and without one the image may be taken. */
function lets(policy: Message | undefined, image: string): boolean {
  const rules = (policy?.rules ?? []) as readonly Message[];
  const last = rules.findLast((rule) => {
    const { identifier, match_type } = recordAt({ rule }, "rule", "selector");
    return match_type === 2n
      ? new RegExp(String(identifier)).test(`docker-image://${image}`)
      : wildcard(String(identifier))(`docker-image://${image}`);
  });
  return last?.action !== 1n;
}

describe("which images BuildKit may take", () => {
  const images = (...patterns: readonly string[]) => listing({ images: patterns });
  test.each([
    ["one registry", "ci.example.com/me/app:1", true, images("ci.example.com/*")],
    ["one registry", `ci.example.com/me/app:1@${digest}`, true, images("ci.example.com/*")],
    ["one registry", "docker.io/library/nginx:latest", false, images("ci.example.com/*")],
    ["one registry", "evil.io/ci.example.com/app:1", false, images("ci.example.com/*")],
    ["one registry", "ciXexample.com/app:1", false, images("ci.example.com/*")],
    ["registries by their end", "ci.example.com/app:1", true, images("*.example.com/*")],
    ["registries by their end", "evil.io/x.example.com/app:1", false, images("*.example.com/*")],
    ["a name", "docker.io/library/nginx:1.27", true, images("nginx")],
    ["a name", "evil.io/library/nginx:1.27", false, images("nginx")],
    ["a name", "docker.io/library/nginx-evil:1", false, images("nginx")],
    ["a tag", "docker.io/library/nginx:1.27", true, images("nginx:1.27")],
    ["a tag", "docker.io/library/nginx:1.27.1", false, images("nginx:1.27")],
    ["a tag", `docker.io/library/nginx@${digest}`, false, images("nginx:a*")],
    ["a tag", `docker.io/library/nginx:b@${digest}`, false, images("nginx:a*")],
    ["a digest", `docker.io/library/nginx:1@${digest}`, true, images(`nginx@${digest}`)],
    ["a digest", `docker.io/library/nginx@${digest}`, true, images(`nginx@${digest}`)],
    ["a digest", "docker.io/library/nginx:1", false, images(`nginx@${digest}`)],
    ["all of Docker Hub", "docker.io/me/app:1", true, images("docker.io/*")],
    ["all of Docker Hub", "ghcr.io/me/app:1", false, images("docker.io/*")],
    ["any registry", "ghcr.io/me/app:latest", true, images("*/app")],
    ["any registry", "ghcr.io/me/other:latest", false, images("*/app")],
    ["anything", "localhost:5000/me/app:1", true, images("*")],
    ["two stars", "ghcr.io/me/a/b:1", true, images("ghcr.io/me/**")],
    ["a registry", "ghcr.io/me/app:1", true, listing({ registries: ["ghcr.io"] })],
    ["a registry", "evil.io/ghcr.io/app:1", false, listing({ registries: ["ghcr.io"] })],
    ["a registry by its end", "ci.example.com/a:1", true, listing({ registries: ["*.example.com"] })],
    ["a registry by its end", "evil.io/x.example.com/a:1", false, listing({ registries: ["*.example.com"] })],
    ["a list of both", "ghcr.io/app:1", true, listing({ images: ["*/app"], registries: ["ghcr.io"] })],
    ["a list of both", "ghcr.io/me/app:1", true, listing({ images: ["*/app"], registries: ["ghcr.io"] })],
    ["a list of both", "evil.io/me/app:1", false, listing({ images: ["*/app"], registries: ["ghcr.io"] })],
    ["a list of both", "ghcr.io/me/other:1", false, listing({ images: ["*/app"], registries: ["ghcr.io"] })],
    [
      "a list of both",
      "docker.io/library/nginx:1",
      false,
      listing({ images: ["nginx"], registries: ["ghcr.io"] }),
    ],
    ["a list of both", "ghcr.io/x:1", true, listing({ images: ["g*.io/x"], registries: ["ghcr.io"] })],
    ["a list of both", "gcr.io/x:1", false, listing({ images: ["g*.io/x"], registries: ["ghcr.io"] })],
    ["a list of both", "ghcr.io/x:1", true, listing({ images: ["ghcr.io/x"], registries: ["*.io"] })],
    ["no list", "evil.io/me/app:1", true, listing({})],
    ["a policy that only warns", "evil.io/app:1", true, listing({ images: ["nginx"] }, { mode: "warn" })],
  ])("%s, %s: %s", (_, image, expected, policy) => {
    expect(lets(sourcePolicy(policy, []), image)).toBe(expected);
  });

  test("without a list and without images of an owner there is none", () => {
    expect(sourcePolicy(listing({}), [])).toBeUndefined();
    expect(sourcePolicy(listing({}), ["elsewhere/app:1"])).toBeUndefined();
  });

  test("an owner's images are found by the names that he has for them", () => {
    const space = "bulkhead.invalid/me/";
    const made = sourcePolicy(listing({}, { space }), [`${space}docker.io/library/app:1`]);
    expect(made?.rules).toEqual([
      {
        action: 2n,
        selector: { identifier: "docker-image://docker.io/library/app:1", match_type: 0n },
        updates: { identifier: `docker-image://${space}docker.io/library/app:1` },
      },
    ]);
  });

  test("it is written in a form that reads back the same", () => {
    const SourcePolicy = sourcePolicy(listing({ images: ["ci.example.com/*"] }), []);
    const read = readMessage(writeMessage({ SourcePolicy }, solveRequest), solveRequest);
    const [, second] = recordAt(read, "value", "SourcePolicy").rules as readonly Message[];
    expect(second?.selector).toEqual({
      identifier: "^docker-image://ci\\.example\\.com/[^:@]*(:[^/:@]+)?(@[^@]+)?$",
      match_type: 2n,
    });
  });
});
