import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { hasProgram } from "../../test/support/has-program.ts";
import type { ChangedText } from "./changed-texts.ts";
import { loadingProjects, takeBackWhatBreaks } from "./loads.ts";

const folder = mkdtempSync(join(tmpdir(), "bulkhead-loads-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!hasProgram("docker-compose"))(
  "a write with which docker compose no longer loads a project is taken back",
  async () => {
    const file = join(folder, "compose.yaml");
    const before = "services:\n  web:\n    image: web:1\n";
    const after = `${before}    pids_limit: many\n`;
    const compose = { profiles: [], envFiles: [] };
    const input = { format: "compose", files: [file] } as const;
    const text = { file, before, after } as ChangedText;
    writeFileSync(file, before);
    const loading = await loadingProjects([input], [text], compose);
    expect(loading).toEqual([input]);
    writeFileSync(file, after);
    const [left] = await takeBackWhatBreaks(loading, [{ text, written: true }], compose);
    expect(left).toMatchObject({ written: false, reason: expect.stringContaining("would no longer load") });
    expect(readFileSync(file, "utf8")).toBe(before);
  },
);
