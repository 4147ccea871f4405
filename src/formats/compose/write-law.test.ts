import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { composeTexts } from "../../../test/support/formats/compose-texts.ts";
import { patchesFor, remediesFor } from "../../../test/support/formats/container-patches.ts";
import { expectLaw, factsOf } from "../../../test/support/formats/law.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import type { Container } from "../../model/container.ts";
import { applyPatches, type ContainerPatch, type Patch } from "../../model/patch.ts";
import type { Reading } from "../../model/reading.ts";
import { applyEdits, type Writing } from "../../model/writing.ts";
import { readCompose } from "./read.ts";
import { writeCompose, writeComposeServices } from "./write.ts";

type Texts = Readonly<Record<string, string>>;

function read(files: readonly string[], texts: Texts): Reading {
  return readCompose({ files, io: memoryFiles(texts) });
}

function views(reading: Reading): ReadonlyMap<string, Container> {
  return new Map(
    reading.subjects.flatMap((subject) => {
      const [view] = subject.kind === "container" ? subject.views : [];
      return view ? [[subject.name, view] as const] : [];
    }),
  );
}

/** The law for one service of files of which one is to be edited, and that every other service stays as it was. */
function holdLaw(
  files: readonly string[],
  texts: Texts,
  service: string,
  patches: readonly ContainerPatch[],
): Writing {
  const writeInto = (given: Texts, asked: readonly Patch[]) =>
    writeCompose({
      files,
      io: memoryFiles(given),
      service,
      patches: asked as readonly ContainerPatch[],
    });
  const writing = writeInto(texts, patches);
  const [file = files[0] ?? ""] = new Set(writing.edits.map((edit) => edit.file));
  const withText = (text: string): Texts => ({ ...texts, [file]: text });
  expectLaw({
    text: texts[file] ?? "",
    read: (text) => views(read(files, withText(text))).get(service),
    write: (text, asked) => writeInto(withText(text), asked),
    patches,
  });
  const before = views(read(files, texts));
  const written = withText(applyEdits(texts[file] ?? "", writing.edits));
  for (const [name, view] of views(read(files, written))) {
    const was = before.get(name);
    if (name !== service) expect(factsOf(view), `${name} beside ${service}`).toEqual(was && factsOf(was));
  }
  return writing;
}

describe("generated files", () => {
  test("what is JSON stays JSON", { timeout: 180_000 }, () => {
    const asked = fc.array(fc.nat(), { minLength: 1, maxLength: 10 });
    const indents = fc.constantFrom(0, 2);
    let changes = 0;
    fc.assert(
      fc.property(composeTexts, fc.nat(), asked, indents, (yaml, which, picks, indent) => {
        const texts = { "compose.yaml": `${JSON.stringify(parse(yaml), null, indent)}\n` };
        const services = [...views(read(["compose.yaml"], texts))];
        const [service, view] = services[which % Math.max(1, services.length)] ?? [];
        if (service === undefined || !view) return;
        const all = patchesFor(view);
        const patches = picks.flatMap((pick) => all[pick % all.length] ?? []);
        const { edits } = holdLaw(["compose.yaml"], texts, service, patches);
        const after = applyEdits(texts["compose.yaml"], edits);
        expect(() => JSON.parse(after), after).not.toThrow();
        changes += edits.length;
      }),
      { numRuns: 100 },
    );
    expect(changes).toBeGreaterThan(100);
  });

  test("reading what was written is what was asked for, and nothing else changes", {
    timeout: 180_000,
  }, () => {
    const asked = fc.array(fc.nat(), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(composeTexts, fc.nat(), asked, (text, which, picks) => {
        const texts = { "compose.yaml": text };
        const services = [...views(read(["compose.yaml"], texts))];
        const [service, view] = services[which % Math.max(1, services.length)] ?? [];
        if (service === undefined || !view) return;
        const all = patchesFor(view);
        const patches = picks.flatMap((pick) => all[pick % all.length] ?? []);
        holdLaw(["compose.yaml"], texts, service, patches);
      }),
      { numRuns: 150 },
    );
  });

  test("services written together all say what was asked for", { timeout: 180_000 }, () => {
    fc.assert(
      fc.property(composeTexts, (text) => {
        const io = memoryFiles({ "compose.yaml": text });
        const before = views(readCompose({ files: ["compose.yaml"], io }));
        const changes = [...before].map(([service, view]) => ({
          service,
          patches: reconciled(remediesFor(view)),
        }));
        const { edits, refused } = writeComposeServices({ files: ["compose.yaml"], io, changes });
        const after = views(read(["compose.yaml"], { "compose.yaml": applyEdits(text, edits) }));
        const left = new Set(refused.map((each) => JSON.stringify(each.patch)));
        expect([...after.keys()]).toEqual([...before.keys()]);
        for (const { service, patches } of changes) {
          const [was, is] = [before.get(service), after.get(service)];
          // Which service a patch was refused for is not said.
          if (!was || !is || patches.some((patch) => left.has(JSON.stringify(patch)))) continue;
          expect(factsOf(is), service).toEqual(factsOf(applyPatches(was, patches)));
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** As a plan hands patches to a writer: no item of a list is changed twice. */
function reconciled(patches: readonly ContainerPatch[]): readonly ContainerPatch[] {
  const seen = new Set<string>();
  return patches.filter((patch) => {
    if (patch.op !== "remove" && patch.op !== "replace") return true;
    const item = JSON.stringify([patch.field, patch.value]);
    if (seen.has(item)) return false;
    seen.add(item);
    return true;
  });
}

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "fixtures");

/** Each folder is a project: `compose.yaml` and what it names, and `second.yaml` over it. */
function projects(): readonly (readonly [string, Texts])[] {
  return readdirSync(fixtures).map((name) => {
    const folder = join(fixtures, name);
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const texts = entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [relative(folder, path), readFileSync(path, "utf8")] as const;
      });
    return [name, Object.fromEntries(texts)] as const;
  });
}

describe("the files that are read in tests", () => {
  test.each(projects())("%s", (_, texts) => {
    const files = ["compose.yaml", "second.yaml"].filter((file) => file in texts);
    for (const [service, view] of views(read(files, texts))) {
      holdLaw(files, texts, service, remediesFor(view));
      const all = patchesFor(view);
      // Every patch is one too many for a test: each service takes others.
      const first = service.length + (texts["compose.yaml"] ?? "").length;
      for (let index = first % 9; index < all.length; index += 9) {
        holdLaw(files, texts, service, all.slice(index, index + 1));
      }
    }
  });
});
