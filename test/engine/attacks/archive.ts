import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A tar archive of these files. */
export async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-tar-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const tar = await run("tar", ["-C", folder, "-c", ...Object.keys(files)], { encoding: "buffer" });
    return tar.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
