import { beforeEach, describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { signedIn, type Test, testApp } from "../../../test/support/fleet/serve.ts";
import type { GuardsTold } from "../protocol/guards.ts";
import { type Role, roles } from "../store/accounts/roles.ts";
import { addAcceptance } from "../store/findings/acceptances.ts";
import { putGuards } from "../store/hosts/guards.ts";
import { putChanges, putHost } from "../store/hosts/hosts.ts";
import { addJob } from "../store/hosts/jobs.ts";
import { addTeam, setAccountSight } from "../store/teams/teams.ts";

/**
 * Two teams with a host each, on which everything has the team's own word in its name, and a host of no team. Anyone who belongs to
 * one team must never read the word of the other.
 */
const words = ["west", "east", "nowhere"] as const;
type Word = (typeof words)[number];

const until = "2099-01-01";
let test: Test;
let teams: Readonly<Record<"west" | "east", number>>;

beforeEach(async () => {
  test = await testApp();
  for (const word of words) await fill(word);
  const made = async (word: Word) =>
    Number(await addTeam(test.database, { name: `team-${word}`, labels: [`at=${word}`] }, 1));
  teams = { west: await made("west"), east: await made("east") };
  for (const word of words) await accept(word);
});

async function fill(word: Word): Promise<void> {
  const containers = [{ name: `c-${word}`, image: `i-${word}`, project: `p-${word}`, running: true }];
  const labels = word === "nowhere" ? undefined : { at: word };
  const state = { id: word, name: `h-${word}`, engine: `e-${word}`, version: "1", connected: true };
  await putHost(test.database, { ...state, containers, labels }, Date.now());
  const finding = (control: string) =>
    findingOf(control, { subject: `container:c-${word}`, message: `says ${word}` });
  const opened = ["privileged", "host-pid", "memory-limit"].map((each) => changeOf("opened", finding(each)));
  const mended = changeOf("resolved", finding("memory-limit"));
  await putChanges(test.database, word, [...opened, mended], () => "2.9");
  const job = { host: word, container: `c-${word}`, kind: "prove", seconds: null } as const;
  await addJob(test.database, { ...job, author: `by-${word}` }, Date.now());
  await putGuards(test.database, word, guardsOf(word), { number: undefined, ahead: 0, now: Date.now() });
}

function guardsOf(word: Word): GuardsTold {
  const said = { log: `l-${word}`, client: `by-${word}`, route: "container-list", mode: "enforce" } as const;
  const denied = { ...said, verdict: "deny", rules: ["guard-route"], object: {}, times: 1 } as const;
  const whole = { time: Date.now(), listener: `at-${word}`, policy: "default", method: "GET", why: [] };
  return {
    guards: [{ log: `l-${word}`, enforces: null }],
    counts: [{ ...denied, hour: Date.now() }],
    latest: [{ ...denied, ...whole }],
  };
}

async function accept(word: Word): Promise<void> {
  const common = { reason: `because ${word}`, until, author: { id: 99, name: `a-${word}` }, waits: false };
  const nothing = { host: null, subject: null, image: null, project: null, team: null };
  const add = (what: object) =>
    addAcceptance(
      test.database,
      { ...nothing, scope: "finding", control: "host-pid", ...common, ...what },
      Date.now(),
    );
  await add({ host: word, subject: `container:c-${word}` });
  await add({ scope: "image", image: `i-${word}` });
  if (word !== "nowhere")
    await add({ scope: "project", project: "p-of-all", team: teams[word], reason: `of ${word}` });
}

async function member(role: Role, sight: "all" | readonly Word[], name: string = role) {
  const headers = await signedIn(test, role, name);
  const { id } = await test.database
    .selectFrom("account")
    .select("id")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  const ids = sight === "all" ? sight : sight.flatMap((each) => (each === "nowhere" ? [] : [teams[each]]));
  await setAccountSight(test.database, id, ids);
  return headers;
}

/** Parts of paths, for a host of this word. */
function fillPath(path: string, word: Word): string {
  const numbers: Readonly<Record<string, number>> = {
    // Three of each host, in their order; two acceptances of each, and one of its team.
    "/findings/{id}": 1 + 3 * words.indexOf(word),
    "/acceptances/{id}": 1 + 3 * words.indexOf(word),
    "/acceptances/{id}/review": 1 + 3 * words.indexOf(word),
  };
  const number = numbers[path];
  return path
    .replace("{id}", path.startsWith("/hosts") ? word : String(number ?? 1))
    .replace("{name}", `c-${word}`)
    .replace("{image}", `i-${word}`);
}

const queries: Readonly<Record<string, (word: Word) => readonly string[]>> = {
  "/policies": (word) => [`?host=${word}`, `?q=${word}`],
  "/policies/decisions": (word) => [`?host=${word}`, `?log=l-${word}`, `?client=by-${word}`],
  "/findings": (word) => [`?host=${word}`, `?q=${word}`, "?state=accepted", "?state=resolved"],
  "/findings/groups": (word) => ["?by=host", "?by=image", "?by=project", `?host=${word}`],
  "/exports/findings.csv": (word) => [`?host=${word}`, "?state=accepted"],
  "/exports/findings.json": (word) => [`?host=${word}`, "?state=resolved"],
  "/acceptances/bulkhead.yaml": (word) => [`?host=${word}`],
};

/** What changes something, asked for by anyone who may not see it: it must refuse. */
const changes: Readonly<Record<string, (word: Word) => unknown>> = {
  "POST /acceptances": (word) => ({
    ...{ scope: "finding", finding: 1 + 3 * words.indexOf(word) },
    ...{ reason: "x", until },
  }),
  "POST /assignments": (word) => ({ findings: [1 + 3 * words.indexOf(word)], assignee: "ada" }),
  "PUT /acceptances/{id}/review": () => ({}),
  "DELETE /acceptances/{id}": () => undefined,
  "POST /hosts/{id}/containers/{name}/jobs": () => ({ kind: "prove" }),
  "POST /policies/try": (word) => ({ host: word, log: `l-${word}`, candidate: "guard: {}" }),
};

interface Described {
  readonly method: string;
  readonly path: string;
  readonly access: string;
  readonly hosts: string | undefined;
}

async function described(): Promise<readonly Described[]> {
  const document = (await (await test.call("GET", "/api/v1/openapi.json")).json()) as {
    paths: Record<string, Record<string, Record<"x-access" | "x-hosts", string>>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => ({
      ...{ method: method.toUpperCase(), path },
      ...{ access: route["x-access"], hosts: route["x-hosts"] },
    })),
  );
}

const limited = roles.filter((role) => role !== "administrator");

describe("who sees which hosts", () => {
  it("is said by every route that others than administrators may use", async () => {
    const all = await described();
    const unsaid = all.filter(({ access, hosts }) =>
      limited.some((role) => role === access) ? hosts === undefined : hosts !== undefined,
    );
    expect(unsaid).toEqual([]);
    const inSight = all.filter(({ hosts }) => hosts === "hosts in sight");
    expect(inSight.length).toBeGreaterThan(12);
    // A new route that changes something is added to `changes` above, with what to ask it for.
    const unknown = inSight
      .filter(({ method }) => method !== "GET")
      .map(({ method, path }) => `${method} ${path}`)
      .filter((each) => !(each in changes));
    expect(unknown).toEqual([]);
  });

  it.each(
    limited.flatMap((role) =>
      ([["west"], ["west", "east"], [], "all"] as const).map((sees) => [role, sees] as const),
    ),
  )("holds on each route for a %s of %j", async (role, sees) => {
    const headers = await member(role, sees);
    const hidden = words.filter((word) => sees !== "all" && !sees.some((each) => each === word));
    const seen = words.filter((word) => !hidden.includes(word));
    for (const { method, path, access, hosts } of await described()) {
      if (hosts === undefined || (access === "operator" && role === "viewer")) continue;
      if (path === "/events") continue;
      const asked = method === "GET" ? ["", ...words.flatMap((word) => queries[path]?.(word) ?? [])] : [""];
      for (const query of asked) {
        for (const word of words) {
          if (method !== "GET" && (hosts === "no host" || !hidden.includes(word))) continue;
          const url = `/api/v1${fillPath(path, word)}${query}`;
          const body = method === "GET" ? undefined : changes[`${method} ${path}`]?.(word);
          const answer = await test.call(method, url, { headers, ...(body === undefined ? {} : { body }) });
          const text = await answer.text();
          const name = `${method} ${url}`;
          for (const each of hidden) expect(text, name).not.toContain(each);
          const isOfOne = path.includes("{") && !/^\/(?:sessions|tokens|controls)/.test(path);
          if (isOfOne && hidden.includes(word)) expect(answer.status, name).toBe(404);
          if (isOfOne && method === "GET" && !hidden.includes(word)) expect(answer.status, name).toBe(200);
          if (method === "POST" && !isOfOne && hidden.includes(word)) expect(answer.status, name).toBe(409);
          // What may be seen is shown.
          if (method === "GET" && !path.includes("{") && query === "" && path.startsWith("/hosts"))
            for (const each of seen) expect(text, name).toContain(each);
        }
      }
    }
    const ended = await test.database
      .selectFrom("acceptance")
      .select("id")
      .where("ended", "is not", null)
      .execute();
    expect(ended).toEqual([]);
  });

  it("metrics count what is in sight", async () => {
    const count = async (headers: Record<string, string>) => {
      const text = await (await test.call("GET", "/metrics", { headers })).text();
      return ['open_findings{severity="high"}', "accepted_findings", "hosts"].map((each) =>
        Number(
          text
            .split("\n")
            .find((line) => line.startsWith(`bulkhead_${each} `))
            ?.split(" ")[1],
        ),
      );
    };
    expect(await count(await member("viewer", ["west"], "w"))).toEqual([1, 1, 1]);
    expect(await count(await member("viewer", ["west", "east"], "b"))).toEqual([2, 2, 2]);
    expect(await count(await member("viewer", [], "n"))).toEqual([0, 0, 0]);
    expect(await count(await member("viewer", "all", "a"))).toEqual([3, 3, 3]);
    // An administrator who belongs to a team sees every host all the same.
    expect(await count(await member("administrator", ["west"], "root"))).toEqual([3, 3, 3]);
  });

  it("a token that is limited to a team sees its hosts alone, and cannot administer", async () => {
    const owner = await member("administrator", "all");
    const make = async (body: object) =>
      await test.call("POST", "/api/v1/tokens", { headers: owner, body: { name: "ci", days: 1, ...body } });
    const limitedTo = { scopes: ["read"], teams: [teams.west] };
    const { token } = (await (await make(limitedTo)).json()) as { token: string };
    const answer = await test.call("GET", "/api/v1/hosts", { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.json()).toMatchObject({ hosts: [{ id: "west" }] });
    const refused = await make({ scopes: ["administer"], teams: [teams.west] });
    expect(await refused.json()).toEqual({
      error: "scopes: a token that is limited to teams cannot administer",
    });
    expect((await make({ scopes: ["read"], teams: [77] })).status).toBe(409);
    const vera = await member("viewer", ["west"]);
    const foreign = { name: "x", days: 1, scopes: ["read"], teams: [teams.east] };
    expect((await test.call("POST", "/api/v1/tokens", { headers: vera, body: foreign })).status).toBe(409);
  });

  it("the stream of events tells of hosts in sight alone, also after the teams changed", async () => {
    const headers = await member("viewer", ["west"]);
    const stream = await test.call("GET", "/api/v1/events", { headers });
    const reader = stream.body?.getReader();
    const decoder = new TextDecoder();
    const next = async () => decoder.decode((await reader?.read())?.value);
    expect(await next()).toBe(": connected\n\n");
    test.news.tell("findings", "east");
    test.news.tell("hosts", "west");
    expect(await next()).toContain("event: hosts");
    const { id } = await test.database
      .selectFrom("account")
      .select("id")
      .where("name", "=", "viewer")
      .executeTakeFirstOrThrow();
    await setAccountSight(test.database, id, [teams.east]);
    test.news.tell("hosts", "west");
    test.news.tell("findings", "east");
    expect(await next()).toContain("event: findings");
    await reader?.cancel();
  });
});

describe("an operator of a team", () => {
  const on = { scope: "image", control: "privileged", image: "i-west", reason: "x", until };

  it("accepts on the hosts of a team of theirs, and nowhere else", async () => {
    const headers = await member("operator", ["west"]);
    const accept = async (more: object) => {
      const answer = await test.call("POST", "/api/v1/acceptances", { headers, body: { ...on, ...more } });
      return { status: answer.status, said: (await answer.json()) as unknown };
    };
    expect(await accept({})).toEqual({
      status: 409,
      said: { error: "You see the hosts of your teams alone: say on which team's hosts this is accepted." },
    });
    expect(await accept({ team: teams.east })).toEqual({
      status: 409,
      said: { error: "No team of yours has this number." },
    });
    expect(await accept({ team: teams.west })).toMatchObject({ status: 200 });
    const list = await test.call("GET", "/api/v1/acceptances", { headers });
    expect(await list.json()).toMatchObject({
      acceptances: [{ team: teams.west, teamName: "team-west", findings: 1 }, {}, {}, {}],
    });
  });

  it("cannot end what holds on every host, and is told so", async () => {
    const headers = await member("operator", ["west"]);
    // The second is of the image, on every host.
    const answer = await test.call("DELETE", "/api/v1/acceptances/2", { headers });
    expect([answer.status, await answer.json()]).toEqual([
      409,
      { error: "This acceptance holds on hosts that you do not see. Ask somebody who sees every host." },
    ]);
    expect((await test.call("DELETE", "/api/v1/acceptances/1", { headers })).status).toBe(204);
  });
});

describe("administrators", () => {
  it("make, change and remove teams, which the audit log says, with the token that did it", async () => {
    const ada = await member("administrator", "all", "ada");
    const made = await test.call("POST", "/api/v1/tokens", {
      headers: ada,
      body: { name: "terraform", scopes: ["administer"], days: 1 },
    });
    const { token } = (await made.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    const ask = async (method: string, path: string, body?: unknown) =>
      await test.call(method, `/api/v1${path}`, { headers, ...(body ? { body } : {}) });
    expect((await ask("POST", "/teams", { name: "shop", labels: [] })).status).toBe(400);
    expect((await ask("POST", "/teams", { name: "shop", labels: ["nonsense"] })).status).toBe(400);
    expect((await ask("POST", "/teams", { name: "team-west", labels: ["at=west"] })).status).toBe(409);
    const answer = await ask("POST", "/teams", { name: "shop", labels: ["at=nowhere"] });
    const { id } = (await answer.json()) as { id: number };
    expect((await ask("PUT", `/teams/${id}`, { name: "shop", labels: ["at=east"] })).status).toBe(204);
    expect((await ask("PUT", "/accounts/1/teams", { teams: [id, 99] })).status).toBe(409);
    expect((await ask("PUT", "/accounts/1/teams", { teams: [id] })).status).toBe(204);
    expect((await ask("PUT", "/accounts/99/teams", { teams: null })).status).toBe(404);
    expect((await ask("DELETE", `/teams/${id}`)).status).toBe(204);
    expect((await ask("DELETE", `/teams/${id}`)).status).toBe(404);
    const log = (await (await ask("GET", "/audit-log?limit=4")).json()) as {
      entries: { who: string; what: string }[];
    };
    expect(log.entries.map(({ who, what }) => `${who}: ${what}`)).toEqual([
      "ada (token terraform): team removed",
      "ada (token terraform): teams of an account changed",
      "ada (token terraform): team changed",
      "ada (token terraform): team made",
    ]);
  });

  it("remove a host, but not the one that is watched here", async () => {
    const headers = await member("administrator", "all", "ada");
    const remove = async (id: string) =>
      (await test.call("DELETE", `/api/v1/hosts/${id}`, { headers })).status;
    expect(await remove("west")).toBe(204);
    expect(await remove("west")).toBe(404);
    expect(await remove("own")).toBe(409);
    const log = await test.database.selectFrom("audit_log").select(["who", "what", "detail"]).execute();
    expect(log).toEqual([
      { who: "ada", what: "host removed", detail: JSON.stringify({ id: "west", name: "h-west" }) },
    ]);
  });
});
