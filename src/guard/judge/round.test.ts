import { describe, expect, test } from "vitest";
import {
  ask,
  decideIn,
  idOf,
  outcomeOf,
  policy,
  questionsIn,
  run,
  type World,
} from "../../../test/support/guard/guard.ts";
import { routes } from "../routes/table.ts";
import { rewriteResponse } from "./response.ts";
import { toldRule } from "./result.ts";
import { judgeOnce } from "./round.ts";

describe("which routes are open", () => {
  test("by their group, and by their own word before it", () => {
    const closed = policy({ groups: { ...policy().groups, lifecycle: "deny" } });
    const request = ask("container-stop", { container: "web" });
    const world = { containers: { web: {} } };
    expect(outcomeOf(decideIn(world, request))).toBe("allow");
    expect(outcomeOf(decideIn(world, request, closed))).toEqual(["guard-route"]);
    expect(outcomeOf(decideIn(world, request, { ...closed, routes: { "container-stop": "allow" } }))).toBe(
      "allow",
    );
    expect(outcomeOf(decideIn(world, request, policy({ routes: { "container-stop": "deny" } })))).toEqual([
      "guard-route",
    ]);
  });

  test("a closed one is closed before anything is asked", () => {
    const nothing = policy({ routes: { "container-stop": "deny" } });
    expect(judgeOnce(ask("container-stop", { container: "web" }), new Map(), nothing)).toMatchObject({
      verdict: "deny",
      reasons: [{ rule: "guard-route", allow: { list: "routes", value: "container-stop" } }],
    });
  });

  test("a route that the table has and nobody judges is closed", () => {
    const request = ask("ping");
    const unknown = { ...request, route: { ...request.route, id: "brand-new" } };
    expect(outcomeOf(decideIn({}, unknown))).toEqual(["guard-route"]);
  });

  test("ping, version and lists ask nothing", () => {
    for (const id of ["ping", "version", "info", "container-list", "image-list", "events"]) {
      expect(judgeOnce(ask(id), new Map(), policy()), id).toMatchObject({ verdict: "allow" });
    }
  });
});

describe("what is not there", () => {
  test("is told as such, without what could therefore not be judged", () => {
    const decision = decideIn({}, run("--volumes-from nowhere app"));
    expect(outcomeOf(decision)).toEqual(["guard-missing"]);
  });

  test("is a 404 to a create request where it is the image alone, for docker pulls on that", () => {
    expect(decideIn({}, run("nowhere"))).toMatchObject({ status: 404 });
    expect(decideIn({}, run("--net nowhere nowhere"))).toMatchObject({ status: 404 });
    expect(decideIn({}, run("--net nowhere app"))).toMatchObject({ status: 403 });
    expect(decideIn({}, run("--privileged nowhere"))).toMatchObject({ status: 403 });
  });
});

describe("what is asked", () => {
  test("everything that is known to be needed at once, and once each", () => {
    const first = judgeOnce(
      run("-v data:/d -v data:/e -v /srv:/s --net container:web app"),
      new Map(),
      policy(),
    );
    if (first.verdict !== "ask") throw new Error(first.verdict);
    const asked = first.questions.map((each) => [each.kind, "name" in each ? each.name : ""].join(" "));
    expect(asked.toSorted()).toEqual(["container web", "engine ", "hostPath ", "image app", "volume data"]);
  });

  test("nothing again by the id that it was found to have", () => {
    const world = { containers: { web: {} } };
    expect(questionsIn(world, ask("container-start", { container: "web" })).toSorted()).toEqual([
      "container web",
      "engine",
    ]);
    expect(questionsIn(world, run("--net container:web app")).toSorted()).toEqual([
      "container web",
      "engine",
      "image app",
    ]);
  });

  test("a single thing that is not answered denies as well", () => {
    for (const mute of ["image", "volume", "container", "network", "engine"] as const) {
      const world: World = { containers: { web: {} }, volumes: { data: {} }, networks: { net: {} }, mute };
      const line = "-v data:/d --volumes-from web --net net app";
      expect(decideIn(world, run(line)).verdict, mute).toBe("deny");
    }
  });

  test("no more than so much", () => {
    const volumes = Array.from({ length: 600 }, (_, index) => `-v v${index}:/d${index}`).join(" ");
    expect(outcomeOf(decideIn({}, run(`${volumes} app`)))).toEqual(["guard-unknown"]);
  });

  test("what is not answered denies", () => {
    for (const id of ["container-stop", "container-start", "exec-create"]) {
      expect(outcomeOf(decideIn({ mute: true }, ask(id, { container: "web" })))).toContain("guard-unknown");
    }
  });
});

describe("warn and learn let through", () => {
  const world: World = { containers: { agent: { HostConfig: { Privileged: true } } } };

  test.each(["warn", "learn"] as const)("%s: as it was asked for, with what it would have said", (mode) => {
    const request = run("--privileged app");
    const decision = decideIn(world, request, policy({ mode }));
    if (decision.verdict !== "allow") throw new Error(decision.verdict);
    expect(decision.request.body).toEqual({ ...(request.body as object), Image: "app" });
    expect(decision.warnings.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(["privileged", "pids-limit", "no-new-privileges"]),
    );
  });

  test("a closed route, and a container that nobody would have made", () => {
    const under = policy({ mode: "warn", routes: { "container-start": "deny" } });
    const decision = decideIn(world, ask("container-start", { container: "agent" }), under);
    expect(decision).toMatchObject({
      verdict: "allow",
      request: { params: { container: idOf("agent") } },
      warnings: [{ rule: "guard-route" }, { rule: "guard-unsafe-container" }],
    });
  });

  test("what is missing goes on as it came, for the Engine to say", () => {
    const request = ask("container-start", { container: "nobody" });
    expect(decideIn(world, request, policy({ mode: "learn" }))).toMatchObject({ request, warnings: [] });
  });

  test("each says what the policy would have to", () => {
    const line = "-v /etc/app:/a --cap-add NET_ADMIN --log-driver gelf --sysctl kernel.sem=1 app";
    const decision = decideIn(world, run(line), policy({ mode: "learn" }));
    if (decision.verdict !== "allow") throw new Error(decision.verdict);
    const words = decision.warnings.flatMap(({ allow }) => (allow ? [allow] : []));
    expect(words).toEqual(
      expect.arrayContaining([
        { list: "mounts", value: "/etc/app", readOnly: false, dangerous: true },
        { list: "capabilities", value: "NET_ADMIN" },
        { list: "logDrivers", value: "gelf" },
        { list: "sysctls", value: "kernel.sem" },
      ]),
    );
  });
});

describe("an owner's label", () => {
  const owner = { label: "owner", value: "ci" };
  const own = policy({ owner, rules: { "guard-service": "allow", "guard-image-push": "allow" } });
  const mine = { Config: { Labels: { owner: "ci" } } };
  const world: World = {
    containers: { mine, theirs: { Config: { Labels: { owner: "prod" } } }, nobodys: {} },
    volumes: { mine: { Labels: { owner: "ci" } }, theirs: {} },
    networks: { mine: { Labels: { owner: "ci" } }, theirs: {}, bridge: {} },
    images: { mine: { Config: { Labels: { "owner.image": "ci" } } }, theirs: { Config: {} } },
    execs: { mine: { ContainerID: idOf("mine") }, theirs: { ContainerID: idOf("theirs") } },
    services: { mine: { Spec: { Labels: { owner: "ci" } } }, theirs: { Spec: {} } },
  };

  const routesOf = (kind: string) =>
    routes.filter(({ path, group }) => path.includes(`{${kind}}`) && group !== "rootEquivalent");

  test.each(["container", "volume", "network", "exec", "service"])("another's %s is not there", (kind) => {
    for (const { id } of routesOf(kind)) {
      const body = kind === "network" ? { Container: "mine" } : {};
      const params = { [kind]: "theirs", checkpoint: "x" };
      const decision = decideIn(world, ask(id, params, { body }), own);
      expect(outcomeOf(decision), id).toContain("guard-owner");
      const message = decision.verdict === "deny" ? decision.reasons[0]?.message : "";
      expect(message, id).toMatch(/theirs/);
    }
  });

  test("its own is, and answers as before", () => {
    for (const id of ["container-start", "container-delete", "container-logs"]) {
      expect(outcomeOf(decideIn(world, ask(id, { container: "mine" }), own)), id).toBe("allow");
    }
    expect(decideIn(world, ask("container-start", { container: "nobodys" }), own)).toMatchObject({
      status: 404,
    });
  });

  test("a container takes nothing of another's", () => {
    for (const line of [
      "--net container:theirs app",
      "--volumes-from theirs app",
      "-v theirs:/x app",
      "--net theirs app",
    ]) {
      expect(outcomeOf(decideIn(world, run(line), own)), line).toContain("guard-owner");
    }
    for (const line of [
      "--net container:mine app",
      "--volumes-from mine app",
      "-v mine:/x app",
      "--net mine app",
    ]) {
      expect(outcomeOf(decideIn(world, run(line), own)), line).toBe("harden");
    }
  });

  test("of another's object nothing is told, its id neither", () => {
    const connect = ask("network-connect", { network: "theirs" }, { body: { Container: "mine" } });
    const link = run("--net mine --link theirs app");
    for (const request of [connect, link, run("--volumes-from theirs app")]) {
      const decision = decideIn(world, request, own);
      if (decision.verdict !== "deny") throw new Error("it goes through");
      expect(decision.reasons.map(toldRule)).toEqual(["guard-missing"]);
      expect(JSON.stringify(decision)).not.toContain(idOf("theirs"));
    }
  });

  test("a volume's name that is another's is taken, and its document stays unseen", () => {
    const create = (Name: string) => ask("volume-create", {}, { body: { Name } });
    expect(decideIn(world, create("theirs"), own)).toMatchObject({
      reasons: [{ rule: "guard-owner", message: expect.stringContaining("is taken") }],
      status: 403,
    });
    expect(outcomeOf(decideIn(world, create("mine"), own))).toBe("allow");
    expect(outcomeOf(decideIn({ mute: "volume" }, create("x"), own))).toEqual(["guard-unknown"]);
    expect(outcomeOf(decideIn(world, create("theirs")))).toBe("allow");
  });

  test("who else is on everybody's network is not told, nor whether a container is there by what came before it", () => {
    const inspect = (network: string) => decideIn(world, ask("network-inspect", { network }), own);
    expect(inspect("bridge")).toMatchObject({ response: { owner } });
    expect(inspect("mine")).not.toHaveProperty("response");
    expect(rewriteResponse({ Name: "bridge", Containers: { a: {} } }, { redact: false, owner })).toEqual({
      Name: "bridge",
      Containers: {},
    });
    const list = (before: string) =>
      decideIn(world, ask("container-list", {}, { query: { filters: `{"before":["${before}"]}` } }), own);
    for (const name of ["theirs", "nobody"]) {
      expect(list(name)).toMatchObject({ status: 404, reasons: [{ rule: "guard-owner" }] });
    }
    expect(outcomeOf(list("mine"))).toBe("allow");
  });

  test("what it makes has the label, and the client cannot set another", () => {
    expect(decideIn(world, run("--label a=b app"), own)).toMatchObject({
      request: { body: { Labels: { a: "b", owner: "ci" } } },
    });
    expect(outcomeOf(decideIn(world, run("--label owner=prod app"), own))).toEqual(["guard-owner-label"]);
    for (const id of ["volume-create", "network-create"]) {
      expect(decideIn(world, ask(id, {}, { body: { Name: "n" } }), own)).toMatchObject({
        request: { body: { Name: "n", Labels: { owner: "ci" } } },
      });
    }
    expect(decideIn(world, ask("volume-create"), own)).toMatchObject({
      request: { body: { Labels: { owner: "ci" } } },
    });
    const build = ask("build", {}, { query: { labels: '{"a":"b"}' } });
    const decision = decideIn(world, build, own);
    if (decision.verdict === "deny") throw new Error("denied");
    expect(JSON.parse(decision.request.query.get("labels")?.[0] ?? "")).toEqual({
      a: "b",
      // What anybody runs of the image must not be the owner's.
      owner: "",
      "owner.image": "ci",
    });
    const other = ask("build", {}, { query: { labels: '{"owner":"prod"}' } });
    expect(outcomeOf(decideIn(world, other, own))).toEqual(["guard-owner-label"]);
  });

  test("a volume that a container would make by its name gets the label as well", () => {
    const decision = decideIn(world, run("-v fresh:/data:ro -v mine:/m app"), own);
    if (decision.verdict === "deny") throw new Error(decision.reasons[0]?.message);
    expect(decision.request.body).toMatchObject({
      HostConfig: {
        Binds: ["mine:/m"],
        Mounts: [
          {
            Type: "volume",
            Source: "fresh",
            Target: "/data",
            ReadOnly: true,
            VolumeOptions: { Labels: { owner: "ci" } },
          },
        ],
      },
    });
  });

  test("one among Mounts as well, and one that is there stays as it is", () => {
    const mounts = (names: readonly string[]) =>
      names.map((name) => `--mount {"Type":"volume","Source":"${name}","Target":"/${name}"}`).join(" ");
    const decision = decideIn(world, run(`${mounts(["fresh", "mine"])} app`), own);
    if (decision.verdict === "deny") throw new Error(decision.reasons[0]?.message);
    expect(decision.request.body).toMatchObject({
      HostConfig: {
        Mounts: [
          { Source: "fresh", VolumeOptions: { Labels: { owner: "ci" } } },
          { Type: "volume", Source: "mine", Target: "/mine" },
        ],
      },
    });
    expect(JSON.stringify(decision.request.body)).toContain('"Target":"/mine"}');
    expect(outcomeOf(decideIn(world, run(`${mounts(["theirs"])} app`), own))).toEqual(["guard-owner"]);
  });

  test("one with an option that has no place beside a label is to be made first", () => {
    expect(outcomeOf(decideIn(world, run("-v fresh:/data:z app"), own))).toEqual(["guard-owner-label"]);
    expect(outcomeOf(decideIn(world, run("-v mine:/data:z app"), own))).toBe("harden");
  });

  test.each([
    "container-list",
    "events",
    "volume-list",
    "network-list",
    "container-prune",
    "volume-prune",
    "service-list",
  ])("%s shows its own alone", (id) => {
    const filtersOf = (filters: object | undefined) => {
      const query = filters === undefined ? {} : { filters: JSON.stringify(filters) };
      const decision = decideIn(world, ask(id, {}, { query }), own);
      if (decision.verdict === "deny") throw new Error("denied");
      return JSON.parse(decision.request.query.get("filters")?.[0] ?? "");
    };
    expect(filtersOf(undefined)).toEqual({ label: { "owner=ci": true } });
    expect(filtersOf({ label: { "owner=prod": true }, status: { running: true } })).toEqual({
      label: { "owner=prod": true, "owner=ci": true },
      status: { running: true },
    });
    expect(filtersOf({ label: ["a=b"] })).toEqual({ label: { "a=b": true, "owner=ci": true } });
  });

  test("images are everybody's to run, and their maker's to change", () => {
    expect(outcomeOf(decideIn(world, run("theirs"), own))).toBe("harden");
    const query = { tag: "latest" };
    for (const id of ["image-delete", "image-push"]) {
      const change = (image: string) => ask(id, { image }, id === "image-push" ? { query } : {});
      expect(outcomeOf(decideIn(world, change("theirs"), own)), id).toEqual(["guard-owner"]);
      expect(outcomeOf(decideIn(world, change("mine"), own)), id).toBe("allow");
    }
    expect(outcomeOf(decideIn(world, ask("image-push", { image: "mine" }), own))).toEqual(["guard-owner"]);
    const over = ask("image-tag", { image: "mine" }, { query: { repo: "theirs", tag: "latest" } });
    expect(outcomeOf(decideIn(world, over, own))).toEqual(["guard-owner"]);
  });

  test("the disk's usage is told of its own", () => {
    expect(decideIn(world, ask("disk-usage"), own)).toMatchObject({ response: { redact: false, owner } });
    expect(decideIn(world, ask("disk-usage"))).toMatchObject({ response: { owner: undefined } });
  });
});
