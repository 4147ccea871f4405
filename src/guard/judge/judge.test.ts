import { expect, test } from "vitest";
import { defaultPolicy } from "../policy/defaults.ts";
import type { ReceivedRequest } from "../request/request.ts";
import { judge } from "./judge.ts";
import type { Question } from "./result.ts";
import { questionKey } from "./result.ts";

const bytes = Buffer.from('{"Image":"nginx"}');
const create: ReceivedRequest = {
  method: "POST",
  target: "/v1.45/containers/create",
  headers: [["Content-Type", "application/json"]],
  body: { kind: "bytes", bytes },
};

function world() {
  const rounds: (readonly Question[])[] = [];
  const ask = async (questions: readonly Question[]) => {
    rounds.push(questions);
    return new Map(
      questions.map((question) => {
        const document =
          question.kind === "engine" ? { info: {}, version: {}, networks: [] } : { Config: {} };
        return [questionKey(question), { state: "found", id: "id", document } as const];
      }),
    );
  };
  return { rounds, ask };
}

test("a create request is asked about once, before it is judged at all", async () => {
  const { rounds, ask } = world();
  expect((await judge(create, defaultPolicy, ask)).verdict).toBe("harden");
  expect(rounds.map((each) => each.map(questionKey))).toEqual([["engine", "image nginx"]]);
});

test("nothing is asked for a route that is closed", async () => {
  const { rounds, ask } = world();
  const closed = { ...defaultPolicy, groups: { ...defaultPolicy.groups, judged: "deny" } } as const;
  expect((await judge(create, closed, ask)).verdict).toBe("deny");
  expect(rounds).toEqual([]);
});

test("what takes no question is judged at once", () => {
  const ping: ReceivedRequest = { method: "GET", target: "/_ping", headers: [], body: { kind: "none" } };
  const judged = judge(ping, defaultPolicy, () => Promise.reject(new Error("asked")));
  expect(judged).toMatchObject({ verdict: "allow" });
});

test("a question that is not answered is a denial", async () => {
  expect(await judge(create, defaultPolicy, async () => new Map())).toMatchObject({
    verdict: "deny",
    reasons: expect.arrayContaining([expect.objectContaining({ rule: "guard-unknown" })]),
  });
});
