import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { composeReading } from "../../test/support/subjects.ts";
import { choose, questionsOn } from "./interactive.ts";
import type { Step } from "./plan/step.ts";

const [subject] = composeReading("services: { web: { image: nginx } }").subjects;

function step(name: string, kind: Step["kind"] = "behavioural"): Step {
  const patches = [{ op: "set", field: "privileged", value: false }] as const;
  return { kind, keys: [name], controls: [name], summary: name, why: "", breaks: [], patches };
}

const three = [step("one"), step("two"), step("three")];

async function chosen(
  input: string,
  steps: readonly Step[] = three,
  planned: (taken: readonly Step[]) => readonly Step[] = (taken) => taken,
) {
  if (!subject) throw new Error("nothing was read");
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  let asked = "";
  stderr.on("data", (chunk: Buffer) => {
    asked += chunk.toString();
  });
  stdin.end(input);
  const questions = questionsOn(stdin, stderr);
  const plan = (takes: (step: Step) => boolean) => planned(steps.filter(takes));
  const choice = await choose(
    [{ subject, plan }],
    () => false,
    (_, { summary }) => `${summary}\n`,
    questions,
  );
  questions.close();
  const accepted = choice && steps.filter((each) => choice(each, subject)).map(({ summary }) => summary);
  return { accepted, asked };
}

test.each([
  ["y\nn\nyes\n", ["one", "three"]],
  ["n\na\n", ["two", "three"]],
  ["y\nq\n", ["one"]],
  ["what?\nY\nn\nn\n", ["one"]],
])("%j", async (input, accepted) => {
  expect(await chosen(input)).toMatchObject({ accepted });
});

test("every step is shown before the question about it, in order", async () => {
  const { asked } = await chosen("n\nn\nn\n");
  expect(asked.match(/one|two|three|Make this change/g)).toEqual([
    "one",
    "Make this change",
    "two",
    "Make this change",
    "three",
    "Make this change",
  ]);
});

test("an end of the input makes nothing, not even what was accepted", async () => {
  expect(await chosen("y\n")).toMatchObject({ accepted: undefined });
});

test("all that follow are no decisions: each of these is asked about", async () => {
  const steps = [step("one"), step("two", "decision"), step("three")];
  const { accepted, asked } = await chosen("a\nn\n", steps);
  expect(accepted).toEqual(["one", "three"]);
  expect(asked.match(/Make this change/g)).toHaveLength(2);
});

test("the plan is made anew after each answer", async () => {
  const [user, drop] = [step("user"), step("drop")];
  const without = { ...drop, summary: "drop, and add SETUID back" };
  const planned = (taken: readonly Step[]) =>
    taken.includes(user) ? taken : taken.map((each) => (each === drop ? without : each));
  expect((await chosen("n\ny\n", [user, drop], planned)).asked).toContain("add SETUID back");
  expect((await chosen("y\ny\n", [user, drop], planned)).asked).not.toContain("add SETUID back");
});

test("what a step has taken in is taken with it, and asked about where that is declined", async () => {
  const [one, two] = [step("one"), step("two")];
  const both: Step = { ...one, keys: ["one", "two"], summary: "both" };
  const planned = (taken: readonly Step[]) => (taken.includes(one) && taken.includes(two) ? [both] : taken);
  expect((await chosen("y\n", [one, two], planned)).accepted).toEqual(["one", "two"]);
  expect((await chosen("n\ny\n", [one, two], planned)).accepted).toEqual(["two"]);
});
