import { expect, it } from "vitest";
import type { Answer } from "../../engine/client.ts";
import { questionKey } from "../judge/result.ts";
import { answerer } from "./answer.ts";
import { blindEyes } from "./host-path.ts";

function engine(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const get = async (path: string): Promise<Answer> => {
    asked.push(path);
    return answers[path] ?? { ok: false, reason: "there is no such thing", kind: "missing" };
  };
  return { asked, ask: answerer({ get }, blindEyes("it is dark")) };
}

it("gives the full id that a name means now, with the document", async () => {
  const document = { Id: "abc123" };
  const { ask } = engine({ "/containers/web/json": { ok: true, value: document } });
  const question = { kind: "container", name: "web" } as const;
  expect((await ask([question])).get(questionKey(question))).toEqual({
    state: "found",
    id: "abc123",
    document,
  });
});

it("asks each kind where it is inspected, with names that stay one name", async () => {
  const { ask, asked } = engine({});
  await ask([
    { kind: "exec", name: "e" },
    { kind: "image", name: "registry:5000/team/app:1@sha256:ab" },
    { kind: "volume", name: "a?b#c%" },
    { kind: "network", name: "n" },
    { kind: "service", name: "s" },
    { kind: "plugin", name: "vieux/sshfs" },
  ]);
  expect(asked).toEqual([
    "/exec/e/json",
    "/images/registry%3A5000/team/app%3A1%40sha256%3Aab/json",
    "/volumes/a%3Fb%23c%25",
    "/networks/n",
    "/services/s",
    "/plugins/vieux/sshfs/json",
  ]);
});

it("never asks by a name that would be another path", async () => {
  const { ask, asked } = engine({});
  for (const name of ["..", "../info", "a/../b", "", "a//b", "."])
    expect((await ask([{ kind: "container", name }])).get(`container ${name}`)).toEqual({ state: "missing" });
  expect(asked).toEqual([]);
});

it("does not know what the Engine does not tell", async () => {
  const lost: Answer = { ok: false, reason: "it is gone", kind: "lost" };
  const { ask } = engine({
    "/containers/a/json": lost,
    "/containers/b/json": { ok: true, value: {} },
    "/info": lost,
  });
  const known = await ask([
    { kind: "container", name: "a" },
    { kind: "container", name: "b" },
    { kind: "engine" },
    { kind: "hostPath", path: "/" },
  ]);
  for (const key of ["container a", "container b", "engine", "hostPath /"])
    expect(known.get(key)?.state).toBe("unknown");
});

it("asks for the Engine's description once in a while, and again at once where it did not come", async () => {
  let isUp = false;
  let infos = 0;
  const get = async (path: string): Promise<Answer> => {
    if (path === "/info") infos += 1;
    return isUp ? { ok: true, value: { path } } : { ok: false, reason: "it is down", kind: "lost" };
  };
  const ask = answerer({ get }, blindEyes("it is dark"));
  expect((await ask([{ kind: "engine" }])).get("engine")?.state).toBe("unknown");
  isUp = true;
  const first = (await ask([{ kind: "engine" }])).get("engine");
  const second = (await ask([{ kind: "engine" }])).get("engine");
  expect(first).toMatchObject({
    state: "found",
    document: { info: { path: "/info" }, version: { path: "/version" } },
  });
  // The very document: what was read out of it is remembered by it.
  expect(second).toBe(first);
  expect(infos).toBe(2);
});

it("says of an image that is gone what its name meant, by inspect or by the list", async () => {
  const inspected = { Id: "sha256:a", RepoTags: ["app:1"], RepoDigests: ["app@sha256:b"], Config: {} };
  const entry = { RepoTags: ["listed:1"], RepoDigests: [], Labels: { owner: "ann" } };
  let isUp = true;
  const answers: Readonly<Record<string, unknown>> = {
    "/images/app/json": inspected,
    "/images/json?identity=1": [entry],
  };
  const get = async (path: string): Promise<Answer> =>
    isUp && answers[path] ? { ok: true, value: answers[path] } : { ok: false, reason: "", kind: "missing" };
  const ask = answerer({ get }, blindEyes("it is dark"));
  await ask([{ kind: "image", name: "app" }, { kind: "images" }]);
  isUp = false;
  const former = async (name: string) => (await ask([{ kind: "image", name }])).get(`image ${name}`);
  expect(await former("docker.io/library/app:1")).toMatchObject({
    state: "missing",
    former: { origin: "registry" },
  });
  expect(await former("listed:1")).toMatchObject({ former: { Config: { Labels: { owner: "ann" } } } });
  expect(await former("other:1")).toEqual({ state: "missing" });
});

it("questions to the Engine wait in a bounded queue: few at a time, and no more than may wait", async () => {
  let running = 0;
  let most = 0;
  const engine = {
    get: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      return { ok: false, kind: "missing", reason: "no" } as const;
    },
  };
  const ask = answerer(engine, { look: () => ({ state: "missing" }) });
  const many = (of: number) =>
    Array.from({ length: 512 }, (_, at) => ({ kind: "container", name: `${of}-${at}` }) as const);
  const all = await Promise.all(Array.from({ length: 20 }, (_, of) => ask(many(of))));
  expect(most).toBeLessThanOrEqual(32);
  expect(all.every((answers) => answers.size === 512)).toBe(true);
});
