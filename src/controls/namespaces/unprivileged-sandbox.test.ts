import { expect, it } from "vitest";
import { contextOf } from "../../audit/contexts.ts";
import { evaluate, type Rules } from "../../audit/evaluate.ts";
import { type Container, container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { Subject } from "../../model/subject.ts";
import { controls } from "../registry.ts";

const rules: Rules = { controls, ignores: [], severities: {}, today: "2027-01-31", spell: () => null };

function found(view: Container): readonly string[] {
  const id = "foreign:sleep/4026532301";
  const subject: Subject = {
    ...{ kind: "container", id, name: "sleep/4026532301", stableId: id, source: "kernel" },
    ...{ location: undefined, views: [view] },
  };
  const around = { files: new Map(), engine: undefined, live: new Map(), running: [] };
  return evaluate(subject, contextOf(subject, around), rules).flatMap(({ finding }) =>
    finding?.verdict === "fail" ? [`${finding.severity} ${finding.control}: ${finding.message}`] : [],
  );
}

const facts = { privileged: set(true), networkMode: set({ mode: "host" } as const) };

it("a sandbox of an unprivileged user is one line", () => {
  expect(found(container("effective", facts, { sandbox: { uid: set(65534) } }))).toEqual([
    "info unprivileged-sandbox: is a sandbox of uid 65534 in a user namespace: a process in it has nothing on the host that uid 65534 has not",
  ]);
});

it("anything else is judged as any container", () => {
  const all = found(container("effective", facts));
  expect(all.join("\n")).toContain("critical privileged");
  expect(all.join("\n")).not.toContain("unprivileged-sandbox");
});
