import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import type { Finding } from "../../audit/finding.ts";
import type { Severity } from "../../model/severity.ts";
import type { Change, ChangeKind } from "../change.ts";
import { fromSeverity } from "./output.ts";

function open(least: Severity, before: readonly Finding[] = []) {
  const sent: Change[] = [];
  const output = fromSeverity(least, { send: (change) => sent.push(change), close: async () => {} }, before);
  return {
    send: (kind: ChangeKind, severity: Severity, subject = "container:web") =>
      output.send(changeOf(kind, findingOf("privileged", { severity, subject }))),
    sent: () => sent.map(({ change, finding }) => `${change} ${finding.severity}`),
  };
}

it("tells what is grave, and how that goes on until it is over or mild, and nothing more", () => {
  const { send, sent } = open("high");
  send("opened", "medium");
  send("changed", "critical");
  send("changed", "high");
  send("changed", "low");
  send("changed", "info");
  send("resolved", "info");
  expect(sent()).toEqual(["changed critical", "changed high", "changed low"]);
  send("opened", "high");
  send("resolved", "high");
  expect(sent().slice(3)).toEqual(["opened high", "resolved high"]);
});

it("tells of a limit that was raised by how grave that is, and takes it for nothing open", () => {
  const { send, sent } = open("low");
  send("loosened", "info");
  send("loosened", "low");
  send("resolved", "info");
  expect(sent()).toEqual(["loosened low"]);
});

it("knows what an earlier watch told", () => {
  const { send, sent } = open("high", [findingOf("privileged", { severity: "critical" })]);
  send("changed", "low");
  send("changed", "low", "container:other");
  expect(sent()).toEqual(["changed low"]);
});
