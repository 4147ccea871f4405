import { Command } from "commander";
import { expect, test } from "vitest";
import { addTrialOptions, shellCommand } from "./trial-options.ts";

test.each(["", "  ", "web=", "web= "])("an empty command %j is refused: it would always succeed", (value) => {
  expect(() => shellCommand(value)).toThrow("A command is expected.");
  const parse = (option: string) =>
    addTrialOptions(new Command().exitOverride().configureOutput({ writeErr() {} })).parse([option, value], {
      from: "user",
    });
  expect(() => parse("--check")).toThrow("A command is expected.");
  expect(() => parse("--check-exec")).toThrow("A command is expected.");
});

test("checks in containers are collected, for all services or one", () => {
  const command = addTrialOptions(new Command());
  command.parse(["--check-exec", "true", "--check-exec", "web=test -e /a=b"], { from: "user" });
  expect(command.opts().checkExec).toEqual(["true", "web=test -e /a=b"]);
});
