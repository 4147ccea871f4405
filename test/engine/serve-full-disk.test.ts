import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../support/changes.ts";
import { testFleet } from "../support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../support/fleet/postgres.ts";
import { liar, whole } from "../support/fleet/reporting.ts";
import { describeWhere } from "./describe.ts";
import { engineAvailable } from "./engine.ts";

const lacking = whyNoPostgres();

/** A disk of so many MiB, until the test ends. */
function smallDisk(size: number): string {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}m`, "none", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true });
  });
  chmodSync(folder, 0o711);
  return folder;
}

/** Takes what is left of a disk. Gives what frees it. */
function fill(disk: string): () => void {
  const path = join(disk, "filling");
  for (const size of [1024 * 1024, 4 * 1024]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
  }
  return () => rmSync(path);
}

describeWhere(
  lacking === undefined ? engineAvailable() : { ok: false, reason: lacking },
  "bulkhead serve on a disk that is full",
  () => {
    let server: TestPostgres;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.stop());

    it.each([
      ["SQLite", 32, async (disk: string) => join(disk, "serve.db")],
      [
        "PostgreSQL",
        48,
        (disk: string) => {
          mkdirSync(join(disk, "tables"));
          return server.newDatabase(join(disk, "tables"));
        },
      ],
    ])(
      "keeps no report by halves in %s, and each change once where there is room again",
      async (_, size, newStore) => {
        const disk = smallDisk(size);
        const database = await testFleet(await newStore(disk));
        const { report, said } = await liar(database);
        await report(whole(1));
        const free = fill(disk);
        const changes = Array.from({ length: 300 }, (_, each) =>
          changeOf("opened", findingOf(`control-${each}`, { message: "x".repeat(4_000) })),
        );
        expect((await report({ first: 2, changes })).status).toBe(503);
        expect(said).toEqual([
          expect.stringMatching(/^reports cannot be kept: .*disk is full; hosts are asked to wait$/),
        ]);
        free();
        expect((await report({ first: 2, changes })).body).toMatchObject({ last: 301 });
        expect(await database.selectFrom("change").select("id").execute()).toHaveLength(300);
        expect(said.at(-1)).toBe("reports are kept again");
      },
    );
  },
);
