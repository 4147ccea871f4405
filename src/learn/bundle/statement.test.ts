import { expect, it } from "vitest";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { Learnt } from "../learnt.ts";
import { identitiesOf, statementOf } from "./statement.ts";

const [ran, other] = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];

const learnt = {
  plan: {
    subject: {
      ...{ id: "compose.yaml#web", stableId: "web", name: "web", kind: "container", source: "compose" },
      views: [container("declared", { image: set("shop:1") })],
    },
    steps: [],
  },
  ...{ failure: undefined, isUnsteady: false, check: {}, isLoaded: false, untraced: undefined },
  ...{ user: {}, capabilities: { before: [], needed: new Map() }, broken: [], starts: 1, seconds: 1 },
  seen: {
    ...{ image: ran, startsAs: "", mounted: [], listens: [], places: undefined, asked: undefined },
    peaks: { memory: undefined, pids: undefined, cpus: undefined, disks: [] },
    network: { peers: [], sentBytes: 0 },
    users: { main: undefined, others: [] },
  },
} as unknown as Learnt;

/** An Engine whose tag leads to this image now. */
const engine = (tag: string | undefined) => ({
  get: async (path: string) => {
    const id = /sha256%3A[0-9a-f]{64}/.exec(path)?.[0].replace("%3A", ":") ?? tag;
    return id === undefined ? { ok: false, reason: "404" } : { ok: true, value: { Id: id, RepoDigests: [] } };
  },
});

const made = async (tag: string | undefined) =>
  statementOf([learnt], await identitiesOf(engine(tag) as never, [learnt]), {
    ...{ version: "1", day: "2026-12-02", hostCpus: 2 },
  });

it("names the image that ran, by its id", async () => {
  expect(await made(ran)).toMatchObject({
    value: { predicate: { workloads: [{ image: { reference: "shop:1", id: ran } }] } },
  });
});

it("is not made where the name means another image by now, or none", async () => {
  const reason = "compose.yaml#web: shop:1 became another image while it was tried";
  expect(await made(other)).toEqual({ ok: false, reason });
  expect(await made(undefined)).toEqual({ ok: false, reason });
});
