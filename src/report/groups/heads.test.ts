import { expect, test } from "vitest";
import type { Finding } from "../../audit/finding.ts";
import { headsOf } from "./groups.ts";

const findings = (...messages: readonly string[]) => messages.map((message) => ({ message }) as Finding);
const heads = (...messages: readonly string[]) =>
  headsOf(findings(...messages)).map(({ head, findings: same }) => [head, same.length]);

test("what several containers' processes do is one sentence, without their ids", () => {
  expect(
    heads(
      "does not set no-new-privileges: it may gain some",
      "sleep (7) may gain privileges: a setuid program can make root of it",
      "sleep (4711) may gain privileges: a setuid program can make root of it",
    ),
  ).toEqual([
    ["sleep may gain privileges", 2],
    ["does not set no-new-privileges", 1],
  ]);
});

test("one keeps the id of its process", () => {
  expect(heads("sleep (7) may gain privileges: so what", "nginx (8) may gain privileges: so what")).toEqual([
    ["sleep (7) may gain privileges", 1],
    ["nginx (8) may gain privileges", 1],
  ]);
});
