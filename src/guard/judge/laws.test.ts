import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ask, decideIn, policy, type World } from "../../../test/support/guard/guard.ts";
import { decide as decideViews, judgeViews } from "../../audit/views.ts";
import { bareContext } from "../../controls/control.ts";
import { controls } from "../../controls/registry.ts";
import { containerFromInspect } from "../../engine/documents/inspect.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { set } from "../../model/fact.ts";
import { isAtLeast } from "../../model/severity.ts";
import { routes } from "../routes/table.ts";
import type { Shape } from "../shapes/shape.ts";
import { subjectOf } from "./policy/control-reasons.ts";

const agent = { HostConfig: { Privileged: true } };
const plain = { HostConfig: {} };
const world: World = {
  containers: { plain, agent },
  volumes: { data: {}, rootfs: { Options: { type: "none", o: "bind", device: "/" } } },
  networks: { web: {} },
  links: { "/srv/link": "/etc" },
};

/** Words that mean something somewhere: each may stand in every place, also where it means nothing. */
const words = fc.constantFrom(
  ...["", "app", "nginx", "redis", "plain", "host", "none", "web", "default", "private", "shareable", "root"],
  ...[
    "1000",
    "0",
    "container:plain",
    "container:agent",
    "bridge",
    "local",
    "json-file",
    "syslog",
    "runc",
    "ALL",
  ],
  ...[
    "/",
    "/etc",
    "/srv/www",
    "/srv/link",
    "/var/run/docker.sock",
    "/proc",
    "/dev/null",
    "/dev/sda",
    "data",
    "rootfs",
  ],
  ...[
    "/:/host",
    "/srv/www:/www:ro",
    "data:/data",
    "rootfs:/x:ro",
    "new:/n",
    "/srv/link:/l",
    "plain:ro",
    "agent",
  ],
  ...[
    "CAP_SYS_ADMIN",
    "NET_BIND_SERVICE",
    "CHOWN",
    "seccomp=unconfined",
    "no-new-privileges",
    "label=disable",
  ],
  ...[
    "no-new-privileges=false",
    "apparmor=unconfined",
    "size=10m",
    "exec,size=1m",
    "rshared",
    "bind",
    "volume",
    "tmpfs",
  ],
  ...[
    "c 1:3 rwm",
    "rwm",
    "size",
    "max-size",
    "10m",
    "80/tcp",
    "net.core.somaxconn",
    "unlimited",
    "nproc",
    "1:2",
  ],
);
const numbers = fc.constantFrom(-1, 0, 1, 2, 100, 1000, 100_000, 6 * 1024 ** 2, 512 * 1024 ** 2, 1e9, 1e13);

/** A body of the shape; few of its fields say anything, as in requests. */
function bodyOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
    case "nullable":
      return words;
    case "bool":
      return fc.boolean();
    case "int":
      return numbers.map((number) => Math.min(Math.max(number, shape.min), shape.max));
    case "float":
      return numbers;
    case "bytes":
      return fc.constant("");
    case "empty":
      return fc.constant({});
    case "strings":
      return fc.array(words, { maxLength: 2 });
    case "list":
      return fc.array(bodyOf(shape.items), { maxLength: 2 });
    case "array":
      return fc.array(bodyOf(shape.items), { minLength: shape.length, maxLength: shape.length });
    case "map":
      return fc.dictionary(words, bodyOf(shape.values), { maxKeys: 2 });
    case "struct":
      return fc
        .uniqueArray(fc.constantFrom(...Object.keys(shape.fields)), { maxLength: 5 })
        .chain((names) =>
          fc.record(
            Object.fromEntries(names.map((name) => [name, bodyOf(shape.fields[name] ?? { kind: "empty" })])),
          ),
        );
    case "filters":
    case "ignored":
      return fc.constant(null);
  }
}

const create = routes.find(({ id }) => id === "container-create");
const shape = create?.body.kind === "json" ? create.body.shape : undefined;
if (shape?.kind !== "struct") throw new Error("the table has no create request");

const bodies = fc
  .tuple(
    bodyOf(shape),
    fc.constantFrom("app", "nginx", "redis", "plain"),
    fc.option(bodyOf(shape.fields.HostConfig ?? { kind: "empty" }), { nil: {} }),
  )
  .map(([body, Image, HostConfig]) => ({ ...(body as object), Image, HostConfig }));

const policies = fc.constantFrom(
  policy(),
  policy({ override: "deny" }),
  policy({ owner: { label: "owner", value: "ci" } }),
  policy({
    limits: {
      memory: { value: 512 * 1024 ** 2, source: "a test" },
      cpus: { value: 1, source: "a test" },
      pids: { value: 100, source: "a test" },
    },
    controls: {
      deny: policy().controls.deny,
      harden: new Set(controls.map(({ id }) => id)),
      hardenUnknown: new Set(["capabilities-drop", "read-only-rootfs"]),
    },
  }),
);

/** Judged past the guard: by the audit's own code, on what the Engine would read. */
function gravest(body: unknown): readonly string[] {
  const context = bareContext("engine-api", {
    peer: (name) =>
      containerFromInspect(name.startsWith(Buffer.from("agent").toString("hex")) ? agent : plain),
  });
  const read = readCreateRequest(body);
  const view = { ...read, imageUser: set("") };
  return controls.flatMap((control) => {
    if (!control.check.container || !isAtLeast(control.severity, "high")) return [];
    const verdict = decideViews(control, judgeViews(control, subjectOf(view), context))?.verdict;
    if (verdict?.verdict !== "fail") return [];
    return verdict.problems.some(({ severity }) => isAtLeast(severity ?? control.severity, "medium"))
      ? [control.id]
      : [];
  });
}

describe("whatever goes through", () => {
  test("fails no control that denies, by the audit's own word", () => {
    let passed = 0;
    fc.assert(
      fc.property(bodies, policies, (body, under) => {
        const decision = decideIn(world, ask("container-create", {}, { body }), under);
        if (decision.verdict === "deny") return;
        passed += 1;
        expect(gravest(decision.request.body)).toEqual([]);
      }),
      { numRuns: 600 },
    );
    // Else this law would hold of nothing.
    expect(passed).toBeGreaterThan(100);
  });

  test("goes through as it is, the second time", () => {
    fc.assert(
      fc.property(bodies, policies, (body, under) => {
        const first = decideIn(world, ask("container-create", {}, { body }), under);
        if (first.verdict === "deny") return;
        const second = decideIn(world, first.request, under);
        expect(second).toMatchObject({ verdict: "allow" });
        if (second.verdict === "allow") expect(second.request.body).toEqual(first.request.body);
      }),
      { numRuns: 600 },
    );
  });

  test("was not changed in the caller's hands, and is the same for the same", () => {
    fc.assert(
      fc.property(bodies, policies, (body, under) => {
        const before = JSON.stringify(body);
        const request = ask("container-create", {}, { body });
        const once = decideIn(world, request, under);
        expect(decideIn(world, request, under)).toEqual(once);
        expect(JSON.stringify(body)).toBe(before);
      }),
      { numRuns: 200 },
    );
  });

  test("says of each change what it is for", () => {
    fc.assert(
      fc.property(bodies, policies, (body, under) => {
        const decision = decideIn(world, ask("container-create", {}, { body }), under);
        if (decision.verdict !== "harden") return;
        expect(decision.changes.length).toBeGreaterThan(0);
        for (const { control, flag } of decision.changes) {
          expect(controls.map(({ id }) => id)).toContain(control);
          expect(flag).not.toBe("");
        }
      }),
      { numRuns: 200 },
    );
  });
});
