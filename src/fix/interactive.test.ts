import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { choose, questionsOn } from "./interactive.ts";

async function chosen(input: string, steps = ["one", "two", "three"]) {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  let asked = "";
  stderr.on("data", (chunk: Buffer) => {
    asked += chunk.toString();
  });
  stdin.end(input);
  const questions = questionsOn(stdin, stderr);
  const choice = await choose(steps, (step) => `${step}\n`, questions);
  questions.close();
  return { accepted: [...choice.accepted], abandoned: choice.abandoned, asked };
}

test.each([
  ["y\nn\nyes\n", ["one", "three"]],
  ["n\na\n", ["two", "three"]],
  ["y\nq\n", ["one"]],
  ["what?\nY\nn\nn\n", ["one"]],
])("%j", async (input, accepted) => {
  expect(await chosen(input)).toMatchObject({ accepted, abandoned: false });
});

test("every step is shown before it is asked about, in order", async () => {
  const { asked } = await chosen("n\nn\nn\n");
  expect(asked.match(/one|two|three|Make it/g)).toEqual([
    "one",
    "Make it",
    "two",
    "Make it",
    "three",
    "Make it",
  ]);
});

test("an end of the input makes nothing, not even what was accepted", async () => {
  expect(await chosen("y\n")).toMatchObject({ accepted: [], abandoned: true });
});
