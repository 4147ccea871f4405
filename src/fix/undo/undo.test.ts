import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { ChangedText } from "../changed-texts.ts";
import { writeFiles } from "../write-files.ts";
import { keepOriginals, settleKept, undoApply } from "./undo.ts";

/** Makes the files of `made`, each in a folder that may not exist yet. */
async function apply(folder: string, made: readonly string[]): Promise<readonly (string | undefined)[]> {
  const texts = made.map(
    (name): ChangedText => ({
      ...{ file: join(folder, name), before: "", after: "made\n", edits: 1 },
      ...{ support: { isNew: true, mode: 0o644 }, secretsBefore: [], secretsAfter: [] },
    }),
  );
  const kept = keepOriginals(
    texts.map(({ file, after }) => ({ file, after: Buffer.from(after) })),
    new Date(),
  );
  if (!kept.ok) throw new Error(kept.reason);
  const { files } = await writeFiles(texts);
  const written = new Set(files.filter((each) => each.written).map(({ text }) => text.file));
  settleKept(kept.value, (path) => written.has(path));
  return files.map(({ reason }) => reason);
}

function folders(): { readonly folder: string } {
  vi.stubEnv("XDG_STATE_HOME", testFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  return { folder: testFolder() };
}

test("the folders that an apply made go with their files", async () => {
  const { folder } = folders();
  expect(await apply(folder, ["seccomp/web.json", "seccomp/db.json", "a/b/web"])).toEqual(
    Array.from({ length: 3 }, () => undefined),
  );
  expect(readFileSync(join(folder, "a/b/web"), "utf8")).toBe("made\n");
  const undone = undoApply([folder]);
  expect(undone).toMatchObject({ ok: true });
  expect(undone.ok && undone.value.map(({ path }) => path.slice(folder.length + 1)).slice(3)).toEqual([
    "a/b",
    "a",
    "seccomp",
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder stays that was there before, or that holds another file", async () => {
  const { folder } = folders();
  mkdirSync(join(folder, "seccomp"));
  await apply(folder, ["seccomp/web.json", "apparmor/web"]);
  writeFileSync(join(folder, "apparmor/mine"), "mine\n");
  expect(undoApply([folder])).toMatchObject({ ok: true });
  expect(readdirSync(folder).toSorted()).toEqual(["apparmor", "seccomp"]);
  expect(readdirSync(join(folder, "apparmor"))).toEqual(["mine"]);
});

test("a folder goes with the last of its files, where they are brought back one by one", async () => {
  const { folder } = folders();
  await apply(folder, ["seccomp/web.json", "seccomp/db.json"]);
  expect(undoApply([join(folder, "seccomp/web.json")])).toMatchObject({ ok: true });
  expect(existsSync(join(folder, "seccomp/db.json"))).toBe(true);
  expect(undoApply([join(folder, "seccomp/db.json")])).toMatchObject({ ok: true });
  expect(readdirSync(folder)).toEqual([]);
});

test("a file that cannot be made leaves no folder behind", async () => {
  const { folder } = folders();
  const [reason] = await apply(folder, [`new/deep/${"x".repeat(300)}`]);
  expect(reason).toBe("the name is too long");
  expect(readdirSync(folder)).toEqual([]);
  expect(undoApply([folder])).toMatchObject({ ok: false });
});

test("twenty applies are kept for each folder", async () => {
  const { folder } = folders();
  await apply(folder, ["rare/compose.yaml"]);
  for (let count = 0; count < 22; count += 1) await apply(folder, [`busy/${count}.yaml`]);
  expect(undoApply([join(folder, "busy/1.yaml")])).toMatchObject({ ok: false });
  expect(undoApply([join(folder, "busy/2.yaml")])).toMatchObject({ ok: true });
  expect(undoApply([join(folder, "rare")])).toMatchObject({ ok: true });
});
