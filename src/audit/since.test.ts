import { expect, it } from "vitest";
import { drift } from "../controls/drift/drift.ts";
import { container } from "../model/container.ts";
import { set } from "../model/fact.ts";
import type { ContainerSubject } from "../model/subject.ts";
import { plainWeighing } from "./assess.ts";
import { contextOf } from "./contexts.ts";
import { evaluate } from "./evaluate.ts";

const subject: ContainerSubject = {
  ...{ kind: "container", id: "container:web", name: "web", stableId: "container:web", source: "engine-api" },
  location: undefined,
  views: [
    container("effective", { pidsLimit: set(100), memory: set(2) }),
    container("configured", { pidsLimit: set(50), memory: set(1) }),
  ],
};

it("a finding keeps when each of its problems came about, and is the same one whenever that was", () => {
  const findingAt = (seen: string) => {
    const since = { after: undefined, seen };
    const drifts = new Map([["container:web", new Map([["pids-limit", since]])]]);
    const around = { files: new Map(), engine: undefined, live: new Map(), running: [], drifts };
    const rules = { ...plainWeighing, controls: [drift], spell: () => null };
    return evaluate(subject, contextOf(subject, around), rules)[0]?.finding;
  };
  const finding = findingAt("2027-01-31T12:00:00.000Z");
  expect(finding?.since).toEqual({ "pids-limit": { after: undefined, seen: "2027-01-31T12:00:00.000Z" } });
  expect(finding?.message).toMatch(/first seen at 2027-01-31 12:00:00Z\)$/);
  expect(findingAt("2027-02-01T12:00:00.000Z")?.fingerprint).toBe(finding?.fingerprint);
});
