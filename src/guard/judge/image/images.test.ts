import { describe, expect, test } from "vitest";
import {
  ask,
  decideIn,
  idOf,
  type Outcome,
  policy,
  type Row,
  table,
  type World,
} from "../../../../test/support/guard/guard.ts";
import { recordAt } from "../../../base/json.ts";
import type { Policy } from "../../policy/policy.ts";
import { shutRoutes } from "../policy/rules.ts";
import { checkRoute } from "../route-checks.ts";

/** Its only digest is its id, in whichever repository it is named. */
function inContainerd(name: string, more: object): World["images"] {
  const Id = `sha256:${"c".repeat(64)}`;
  return { [name]: { Id, RepoTags: [`${name}:latest`], RepoDigests: [`${name}@${Id}`], ...more } };
}

const world: World = {
  images: {
    pulled: { RepoTags: ["pulled:latest"], RepoDigests: [`pulled@sha256:${"a".repeat(64)}`] },
    "ghcr.io/me/moved": {
      RepoTags: ["ghcr.io/me/moved:latest"],
      RepoDigests: [`me/moved@sha256:${"b".repeat(64)}`],
    },
    built: { RepoTags: ["built:latest"], RepoDigests: [] },
    // As containerd's image store has them: built, pulled, committed, and one of which the Engine does not say (before 29.2, or loaded).
    ...inContainerd("made", { Identity: { Build: [{ Ref: "x" }] } }),
    ...inContainerd("fetched", { Identity: { Pull: [{ Repository: "docker.io/library/fetched" }] } }),
    ...inContainerd("renamed", { Identity: { Pull: [{ Repository: "docker.io/library/other" }] } }),
    ...inContainerd("committed", { Parent: `sha256:${"d".repeat(64)}` }),
    ...inContainerd("silent", {}),
    "tagged:2": { RepoTags: ["tagged:2"], RepoDigests: [] },
  },
  networks: { web: {}, host: { Driver: "host" } },
  containers: { web: {} },
};

function row(label: string, request: Row["request"], expected: Outcome, under = policy()): Row {
  return { label, request, expected, policy: under };
}

describe("pulls and imports", () => {
  const create = (query: Readonly<Record<string, string>>) => ask("image-create", {}, { query });
  const ghcr = policy({ allow: { registries: ["ghcr.io", "*.example.com"] } });
  const latest = policy({ allow: { images: ["app:latest"] } });
  const one = policy({ allow: { images: ["app:1.2", "team/*"] } });
  table([
    row("a pull", create({ fromImage: "busybox", tag: "latest" }), "allow"),
    row("from a registry on the list", create({ fromImage: "ghcr.io/a/b", tag: "1" }), "allow", ghcr),
    row("by pattern", create({ fromImage: "r.example.com/b", tag: "1" }), "allow", ghcr),
    row("from another", create({ fromImage: "busybox", tag: "1" }), ["guard-registry"], ghcr),
    row("an image on the list", create({ fromImage: "app", tag: "1.2" }), "allow", one),
    row("another tag", create({ fromImage: "app", tag: "1.3" }), ["guard-image"], one),
    row("every tag", create({ fromImage: "app" }), ["guard-image"], one),
    row("every tag, of which one is on the list", create({ fromImage: "app" }), ["guard-image"], latest),
    row("its tag in the name", create({ fromImage: "app:1.2" }), "allow", one),
    row(
      "two tags, the second on the list",
      create({ fromImage: "app:1.3", tag: "1.2" }),
      ["guard-image"],
      one,
    ),
    row("two tags", create({ fromImage: "app:1.2", tag: "1.3" }), ["guard-image"], one),
    row(
      "a digest under a tag's name",
      create({ fromImage: "app", tag: `sha256:${"b".repeat(64)}` }),
      ["guard-image"],
      one,
    ),
    row(
      "another name with the same end",
      create({ fromImage: "evil.io/app", tag: "1.2" }),
      ["guard-image"],
      one,
    ),
    row("by pattern, every tag", create({ fromImage: "team/x" }), "allow", one),
    row("an import", create({ fromSrc: "-", repo: "x" }), ["guard-image-import"]),
    row("an import of an address", create({ fromSrc: "http://x/y", repo: "x" }), [
      "guard-image-import",
      "guard-outgoing",
    ]),
    row("both at once", create({ fromImage: "busybox", fromSrc: "-" }), ["guard-image-import"]),
    row("neither", create({}), ["guard-image-import"]),
  ]);
});

describe("what brings, names and sends images", () => {
  const tag = (repo: string, image = "built") =>
    ask("image-tag", { image }, { query: { repo, tag: "latest" } });
  table(
    [
      row("load", ask("image-load"), ["guard-image-load"]),
      row("a new name", tag("mine"), "allow"),
      row("over what was built here", tag("built", "pulled"), "allow"),
      row("over what came from elsewhere under another name", tag("ghcr.io/me/moved"), "allow"),
      row("over what came from a registry", tag("pulled"), ["guard-image-tag"]),
      row("over it by another spelling", tag("docker.io/library/pulled"), ["guard-image-tag"]),
      row("in containerd's store, over what was built here", tag("made"), "allow"),
      row("in containerd's store, over what came from a registry", tag("fetched"), ["guard-image-tag"]),
      row("in containerd's store, over another name of what came from there", tag("renamed"), "allow"),
      row("in containerd's store, over what was committed here", tag("committed"), "allow"),
      row("in containerd's store, over what the Engine does not say of", tag("silent"), ["guard-image-tag"]),
      row(
        "a name that the policy trusts",
        tag("trusted"),
        ["guard-image-tag"],
        policy({ allow: { images: ["trusted"] } }),
      ),
      row("push", ask("image-push", { image: "built" }), ["guard-image-push"]),
      row(
        "push of one tag of an image that has no latest, where pushes are open",
        ask("image-push", { image: "tagged" }, { query: { tag: "2" } }),
        "allow",
        policy({ rules: { "guard-image-push": "allow" } }),
      ),
      row(
        "push of a tag that is not there",
        ask("image-push", { image: "tagged" }, { query: { tag: "3" } }),
        ["guard-missing"],
        policy({ rules: { "guard-image-push": "allow" } }),
      ),
      row(
        "push that is open",
        ask("image-push", { image: "built" }),
        "allow",
        policy({ rules: { "guard-image-push": "allow" } }),
      ),
      row(
        "to another registry",
        ask("image-push", { image: "built" }),
        ["guard-registry"],
        policy({ rules: { "guard-image-push": "allow" }, allow: { registries: ["ghcr.io"] } }),
      ),
      row("search", ask("image-search", {}, { query: { term: "x" } }), ["guard-outgoing"]),
      row(
        "search that is unjudged",
        ask("image-search"),
        "allow",
        policy({ routes: { "image-search": "unjudged" } }),
      ),
      row("a registry's word", ask("distribution-inspect", { image: "evil.io/x" }), ["guard-outgoing"]),
      row("a login, which reaches no further than a pull", ask("auth", {}, { body: {} }), "allow"),
      row(
        "a login that is open, at a registry on the list",
        ask("auth", {}, { body: { serveraddress: "https://ghcr.io/v1/" } }),
        "allow",
        policy({ routes: { auth: "allow" }, allow: { registries: ["ghcr.io"] } }),
      ),
      row(
        "at another",
        ask("auth", {}, { body: { serveraddress: "ghcr.io.evil.io" } }),
        ["guard-registry"],
        policy({ routes: { auth: "allow" }, allow: { registries: ["ghcr.io"] } }),
      ),
      row(
        "at another, behind which the name on the list is no host",
        ask("auth", {}, { body: { serveraddress: "https://evil.io?.ghcr.io" } }),
        ["guard-registry"],
        policy({ routes: { auth: "allow" }, allow: { registries: ["*.ghcr.io"] } }),
      ),
      row(
        "at Docker's, which needs no name",
        ask("auth", {}, { body: { username: "a" } }),
        ["guard-registry"],
        policy({ routes: { auth: "allow" }, allow: { registries: ["ghcr.io"] } }),
      ),
      row("save", ask("image-save-many", {}, { query: { names: ["built", "pulled"] } }), "allow"),
      row("save of nothing", ask("image-save-many", {}, { query: { names: ["none"] } }), ["guard-missing"]),
    ],
    world,
  );

  test("an image keeps the name that it is removed, pushed and saved by", () => {
    for (const id of ["image-delete", "image-save", "image-inspect"]) {
      expect(decideIn(world, ask(id, { image: "built" }))).toMatchObject({
        request: { params: { image: "built" } },
      });
    }
  });
});

describe("build", () => {
  const build = (query: Readonly<Record<string, string | readonly string[]>>) => ask("build", {}, { query });
  table(
    [
      row("a plain one", build({ t: ["app"], networkmode: "default", version: "1" }), "allow"),
      row("again", build({ t: ["built"] }), "allow"),
      row("over what came from a registry", build({ t: ["mine", "pulled"] }), ["guard-image-tag"]),
      row(
        "where images are listed, of an archive that is read as it comes",
        { ...build({ dockerfile: "./docker/file" }), hasStream: true },
        "allow",
        policy({ allow: { images: ["app"] } }),
      ),
      row(
        "of one with a Dockerfile outside of it",
        { ...build({ dockerfile: "../file" }), hasStream: true },
        ["guard-build-archive"],
        policy({ allow: { images: ["app"] } }),
      ),
      row(
        "where images are listed, without an archive",
        build({}),
        ["guard-build-archive"],
        policy({ allow: { images: ["app"] } }),
      ),
      row(
        "where registries are listed",
        build({}),
        ["guard-build-archive"],
        policy({ allow: { registries: ["docker.io"] } }),
      ),
      row(
        "where the policy lets it",
        build({}),
        "allow",
        policy({ allow: { images: ["app"] }, rules: { "guard-build-archive": "allow" } }),
      ),
      row("on a network", build({ networkmode: "web" }), "allow"),
      row("on the host's", build({ networkmode: "host" }), ["guard-build-network"]),
      row("in a container's", build({ networkmode: "container:web" }), ["guard-build-network"]),
      row("on a network that is not there", build({ networkmode: "none-such" }), ["guard-missing"]),
      row("a remote context", build({ remote: "https://example.com/x.git" }), ["guard-outgoing"]),
      row("a session", build({ session: "abc" }), ["guard-buildkit"]),
      row("BuildKit", build({ version: "2" }), ["guard-buildkit"]),
      row("outputs", build({ outputs: '[{"Type":"local"}]' }), ["guard-build-output"]),
      row("security options", build({ securityopt: ["seccomp=unconfined"] }), ["guard-build-privilege"]),
      row("another cgroup", build({ cgroupparent: "/x" }), ["guard-build-privilege"]),
    ],
    world,
  );
});

describe("what is shut as a whole", () => {
  const open = policy({
    groups: { ...policy().groups, rootEquivalent: "allow" },
  });
  // BuildKit's tunnels are judged call by call in the proxy, and shut in the plugin alone.
  const ids = Object.keys(shutRoutes).filter((id) => id !== "session" && id !== "grpc");
  test.each(ids)("%s, even where its group and its route are open; unjudged opens it", (id) => {
    const rules = (routes: Policy["routes"]) => {
      const found = { state: "found", id: "x", document: {} } as const;
      const context = { ask: () => found, open: () => [], policy: { ...open, routes } };
      return (checkRoute(ask(id, {}, { body: {} }), context).reasons ?? []).map(({ rule }) => rule);
    };
    const own = Reflect.get(shutRoutes, id);
    expect(rules({})).toContain(own);
    expect(rules({ [id]: "allow" })).toContain(own);
    expect(rules({ [id]: "unjudged" })).not.toContain(own);
  });
});

test("a service gets its image as it was judged: by digest, or under an owner by the ID of one that was made here", () => {
  const open = {
    groups: { ...policy().groups, rootEquivalent: "allow" as const },
    rules: { "guard-service": "allow" as const },
  };
  const owner = { label: "team", value: "a" };
  const digest = `sha256:${"d".repeat(64)}`;
  const images = { pulled: { RepoTags: ["pulled:latest"], RepoDigests: [`pulled@${digest}`] } };
  const sent = (Image: string, more: Partial<Policy> = {}) => {
    const under = policy({ ...open, ...more });
    const body = { TaskTemplate: { ContainerSpec: { Image } } };
    const decided = decideIn({ images }, ask("service-create", {}, { body }), under);
    return decided.verdict === "deny"
      ? decided.reasons
      : recordAt({ at: decided.request.body }, "at", "TaskTemplate").ContainerSpec;
  };
  expect(sent("pulled:latest")).toMatchObject({ Image: `pulled:latest@${digest}` });
  expect(sent("plain")).toMatchObject({ Image: "plain" });
  expect(sent("plain", { owner })).toMatchObject({ Image: `sha256:${idOf("plain")}` });
  expect(sent(`other@${digest}`)).toMatchObject({ Image: `other@${digest}` });
  expect(sent("not-here:1")).toMatchObject({ Image: "not-here:1" });
});
