import { expect, test } from "vitest";
import type { FixOptions } from "./options.ts";
import { wrongUseOf } from "./wrong-use.ts";

type Kind = Parameters<typeof wrongUseOf>[0];

test.each<[Kind, Partial<FixOptions>, RegExp | undefined]>([
  ["files", {}, undefined],
  ["files", { apply: true, output: "x" }, /say one of them/],
  ["files", { recreate: true }, /--recreate is for container:NAME/],
  ["files", { as: "compose" }, /--as is for container:NAME/],
  ["files", { host: "tcp://a" }, /--host and --context/],
  ["container", { apply: true, recreate: true }, undefined],
  ["container", { interactive: true }, /--interactive asks about changes to files/],
  ["container", { format: "patch" }, /no file to patch/],
  ["container", { output: "x" }, /--as compose/],
  ["container", { output: "x", as: "compose" }, undefined],
  ["container", { output: "x", as: "compose", apply: true }, /leaves the container alone/],
  ["container", { file: ["a.yaml"] }, /are for Compose files/],
  ["container", { memory: 1 }, undefined],
  ["engine", { format: "patch" }, undefined],
  ["engine", { interactive: true }, /--interactive asks about changes to files/],
  ["engine", { output: "x" }, undefined],
  ["engine", { output: "x", apply: true }, /say one of them/],
  ["engine", { cpus: 1 }, /limits of containers/],
])("of %s with %j", (kind, options, reason) => {
  const wrong = wrongUseOf(kind, options);
  if (reason) expect(wrong).toMatch(reason);
  else expect(wrong).toBeUndefined();
});
