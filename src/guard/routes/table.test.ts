import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRequest } from "../request/read.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { newestVersion, oldestVersion } from "../request/version.ts";
import { writeRequest } from "../request/write.ts";
import type { Route } from "./route.ts";
import { routes } from "./table.ts";

/** moby's own lists of routes, in the order in which its router tries them; how they were made stands in the file. */
const moby: {
  engines: { tag: string; api: string; routes: string[] }[];
  parameters: Record<string, string[]>;
} = JSON.parse(readFileSync(new URL("./fixtures/moby-routes.json", import.meta.url), "utf8"));

/** What is left out on purpose. */
const closed: Readonly<Record<string, string>> = {
  "OPTIONS /{anyroute:.*}": "answers any path with 200 and nothing",
  "GET /networks/": "lists the networks, as /networks does",
  "POST /containers/{name:.*}/copy": "answers every API since 1.24 with an error",
  "GET /debug/vars": "the Engine's own counters",
  "GET /debug/pprof/": "the Engine's profiler",
  "GET /debug/pprof/cmdline": "the Engine's profiler",
  "GET /debug/pprof/profile": "the Engine's profiler",
  "GET /debug/pprof/symbol": "the Engine's profiler",
  "GET /debug/pprof/trace": "the Engine's profiler",
  "GET /debug/pprof/{name}": "the Engine's profiler",
};

const blank = (path: string) => path.replace(/\{[^}]*\}/g, "{}");
const own = new Set(routes.map((route) => `${route.method} ${blank(route.path)}`));
const theirs = new Set(moby.engines.flatMap((engine) => engine.routes));

describe("the table and moby's lists", () => {
  test("no route of any Engine of API 1.41 to 1.54 is missing", () => {
    expect([...theirs].filter((route) => !own.has(blank(route)) && !Object.hasOwn(closed, route))).toEqual(
      [],
    );
  });

  test("no route is in the table that no Engine has", () => {
    const all = new Set([...theirs].map(blank));
    expect([...own].filter((route) => !all.has(route))).toEqual([]);
  });

  test("what is left out is in moby's lists, and not in the table", () => {
    for (const route of Object.keys(closed)) {
      expect(theirs).toContain(route);
      expect(own).not.toContain(blank(route));
    }
  });

  test("an id stands once, and is kebab-case", () => {
    expect(new Set(routes.map((route) => route.id)).size).toBe(routes.length);
    expect(routes.filter((route) => !/^[a-z]+(-[a-z]+)*$/.test(route.id))).toEqual([]);
  });

  test("a route that came later says so", () => {
    for (const route of routes) {
      const first = moby.engines.find((engine) =>
        engine.routes.some((line) => blank(line) === `${route.method} ${blank(route.path)}`),
      );
      const since = Number(first?.api.split(".")[1]);
      expect([route.id, route.since ?? oldestVersion.minor]).toEqual([route.id, since]);
    }
  });
});

describe("the parameters of a route", () => {
  const theirsOf = new Map(Object.entries(moby.parameters).map(([route, names]) => [blank(route), names]));
  const namesOf = (route: Route) => theirsOf.get(`${route.method} ${blank(route.path)}`) ?? [];

  test("are all that moby's handlers ask for, at any of the versions", () => {
    // `names` beside a name in the path is read by the same handler, and then not used
    const unused = new Set(["image-save names"]);
    const missing = routes.flatMap((route) =>
      namesOf(route)
        .filter((name) => !Object.hasOwn(route.query, name))
        .map((name) => `${route.id} ${name}`),
    );
    expect(missing.filter((line) => !unused.has(line))).toEqual([]);
  });

  test("are no others, but what is left out", () => {
    // read by Engine 29.7, which says API 1.54 to it, and not yet by 29.3
    const later = new Set(["container-logs format"]);
    const extra = routes.flatMap((route) =>
      Object.entries(route.query)
        .filter(([name, param]) => param.kind !== "ignored" && !namesOf(route).includes(name))
        .map(([name]) => `${route.id} ${name}`),
    );
    expect(extra.filter((line) => !later.has(line))).toEqual([]);
  });

  test("are left out only where the Engines of these versions read nothing", () => {
    const read = routes.flatMap((route) =>
      Object.entries(route.query)
        .filter(([name, param]) => param.kind === "ignored" && namesOf(route).includes(name))
        .map(([name]) => `${route.id} ${name}`),
    );
    // `filter` is read below API 1.25 alone
    expect(read).toEqual(["image-list filter"]);
  });
});

/**
 * gorilla/mux, as moby uses it: for each route in turn the path with a version and the path without, each anchored, and
 * the first that fits is taken. `{name}` is `[^/]+`, `{name:.*}` its own expression.
 */
function mobyTakes(engine: (typeof moby.engines)[number], method: string, path: string): string | undefined {
  for (const line of engine.routes) {
    const [verb = "", pattern = ""] = line.split(" ");
    if (verb !== method) continue;
    for (const prefix of ["/v{version:[0-9.]+}", ""]) {
      const expression = (prefix + pattern)
        .split(/(\{[^}]*\})/)
        .map((part) =>
          part.startsWith("{")
            ? `(${part.includes(":") ? part.slice(part.indexOf(":") + 1, -1) : "[^/]+"})`
            : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
        )
        .join("");
      if (new RegExp(`^${expression}$`).test(path)) return line;
    }
  }
  return undefined;
}

const word = fc.constantFrom(
  ..."json create prune attach ws exec start stop archive checkpoints load get push tag search privileges".split(
    " ",
  ),
);
const name = fc.oneof(word, fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,12}$/));
const part = fc.oneof(word, fc.stringMatching(/^[a-z0-9]{1,6}([._-][a-z0-9]{1,4})?$/));
const reference = fc
  .tuple(
    fc.option(fc.constantFrom("registry.example:5000", "docker.io", "localhost")),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.option(fc.oneof(word, fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,8}$/))),
    fc.option(fc.constant(`sha256:${"0a".repeat(32)}`)),
  )
  .map(([host, parts, tag, digest]) =>
    [
      host === null ? "" : `${host}/`,
      parts.join("/"),
      tag === null ? "" : `:${tag}`,
      digest === null ? "" : `@${digest}`,
    ].join(""),
  );
const execId = fc.stringMatching(/^[a-f0-9]{1,64}$/);

/** A request as it may come out of a decision: any route, with any names that its placeholders may hold. */
const canonical: fc.Arbitrary<UnderstoodRequest> = fc.constantFrom(...routes).chain((route: Route) => {
  const names = [...route.path.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1] ?? "");
  const values = names.map((placeholder) =>
    placeholder === "image" || placeholder === "plugin" ? reference : placeholder === "exec" ? execId : name,
  );
  return fc
    .record({
      values: fc.tuple(...values),
      minor: fc.option(fc.integer({ min: route.since ?? oldestVersion.minor, max: newestVersion.minor })),
    })
    .map(({ values, minor }) => ({
      route,
      version: minor === null ? undefined : { major: 1 as const, minor },
      params: Object.fromEntries(names.map((placeholder, index) => [placeholder, values[index] ?? ""])),
      query: new Map(),
      headers: new Map(),
      body: undefined,
      hasStream: false,
    }));
});

describe("the router of every Engine", () => {
  test("takes what is rebuilt to the very route that was judged", () => {
    fc.assert(
      fc.property(canonical, (request) => {
        const { method, target } = writeRequest(request);
        for (const engine of moby.engines) {
          if (!engine.routes.some((line) => blank(line) === `${method} ${blank(request.route.path)}`))
            continue;
          const taken = mobyTakes(engine, method, target);
          expect([engine.tag, target, taken && blank(taken)]).toEqual([
            engine.tag,
            target,
            `${method} ${blank(request.route.path)}`,
          ]);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("is not reached by anything that is read otherwise", () => {
    fc.assert(
      fc.property(canonical, (request) => {
        const { method, target } = writeRequest(request);
        const read = readRequest(
          { method, target, headers: headersFor(request.route), body: { kind: "none" } },
          { maxBytes: 1000, maxDepth: 10, maxItems: 256 },
        );
        if (read.ok)
          expect([read.request.route.id, read.request.params]).toEqual([request.route.id, request.params]);
        else expect(read.route?.id).toBe(request.route.id);
      }),
      { numRuns: 1500 },
    );
  });
});

function headersFor(route: Route): [string, string][] {
  return route.response === "hijack" && (route.id === "session" || route.id === "grpc")
    ? [["Upgrade", "h2c"]]
    : [];
}
