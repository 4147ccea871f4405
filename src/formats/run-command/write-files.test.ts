import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectRunLaw, runsIn } from "../../../test/support/formats/run-writing.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { bareContext } from "../../controls/control.ts";
import { controls } from "../../controls/registry.ts";
import type { Container } from "../../model/container.ts";
import { applyPatches, type ContainerPatch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import type { WriterHost } from "./write/quote.ts";
import { writeRunCommands } from "./write.ts";

const files: readonly (readonly [string, WriterHost])[] = [
  ["deploy.sh", "shell"],
  ["README.md", "markdown"],
  ["Makefile", "makefile"],
  ["workflow.yml", "github-actions"],
  [".gitlab-ci.yml", "gitlab-ci"],
  ["web.service", "systemd"],
];

const folder = new URL("fixtures/writing/", import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, folder), "utf8");

/** What all controls that fail would change, and those that only fail once it is not privileged any more. */
function remedies(view: Container): readonly ContainerPatch[] {
  const first = remediesOf(view);
  const known = new Set(first.map((patch) => JSON.stringify(patch)));
  const next = remediesOf(applyPatches(view, first));
  return [...first, ...next.filter((patch) => !known.has(JSON.stringify(patch)))];
}

/** Of what one control removes, nothing else is changed. */
function remediesOf(view: Container): readonly ContainerPatch[] {
  const context = bareContext("run-command");
  const patches = controls.flatMap(({ check, remedy }) =>
    check.container?.(view, context).verdict === "fail"
      ? (remedy.container?.(view, context).patches ?? [])
      : [],
  );
  const removed = new Set(
    patches.flatMap((patch) => (patch.op === "remove" ? [JSON.stringify(patch.value)] : [])),
  );
  const kept = patches.filter((patch) => patch.op !== "replace" || !removed.has(JSON.stringify(patch.value)));
  return [...new Map(kept.map((patch) => [JSON.stringify(patch), patch])).values()];
}

describe.each(files)("%s", (name, host) => {
  const text = textOf(name);

  test("is hardened as a person would do it", async () => {
    const io = memoryFiles();
    const changes = runsIn(text, host).map(({ id, views: [view] }) => ({
      subject: id,
      patches: view ? remedies(view) : [],
    }));
    const writings = writeRunCommands({ text, file: "f", host, io, changes });
    const written = applyEdits(
      text,
      writings.flatMap(({ edits }) => edits),
    );
    await expect(written).toMatchFileSnapshot(new URL(`expected/${name}`, folder).pathname);
    const reasons = writings.flatMap(({ refused }, index) =>
      refused.map(
        ({ patch, reason }) => `${changes[index]?.subject}: ${patch.op} ${patch.field}: ${reason}\n`,
      ),
    );
    await expect(reasons.join("")).toMatchFileSnapshot(
      new URL(`expected/${name}.refused.txt`, folder).pathname,
    );
  });

  test("keeps the law for each of its commands and every remedy", { timeout: 60_000 }, () => {
    for (const [index, { views }] of runsIn(text, host).entries()) {
      const [view] = views;
      if (!view) continue;
      const patches = remedies(view);
      expectRunLaw(text, host, patches, index);
      for (const patch of patches) expectRunLaw(text, host, [patch], index);
    }
  });
});
