import { expect, it } from "vitest";
import { readCandidate } from "./candidate.ts";

const list = { route: "container-list", verdict: "allow", rules: [], object: {} } as const;

it("each client is judged by its own part of the candidate, or by what holds for all", () => {
  const read = readCandidate(`guard:
  groups: { read: deny }
  clients: { ci: { groups: { read: allow }, mode: warn } }
`);
  if (!read.ok) throw new Error(read.reason);
  const { decide, onlyWarns } = read.value;
  expect(["ci", "other"].map((client) => [decide(client, list).verdict, onlyWarns(client)])).toEqual([
    ["allow", true],
    ["deny", false],
  ]);
});

it.each([
  ["guard: {", "1:9: it is not valid YAML"],
  ["guard: { grups: {} }", "1:10: guard: there is no key “grups”"],
  ["guard:\n  routes: { container-lst: deny }", "2:13: guard.routes: there is no key “container-lst”"],
  ["audit: {}", "1:1: there is no key “audit”"],
  ["ignores: []", "it says nothing under guard"],
  ["", "it says nothing under guard"],
])("one that cannot be used is told with its place: %j", (yaml, reason) => {
  const read = readCandidate(yaml);
  expect(read.ok ? "" : read.reason).toContain(reason);
});
