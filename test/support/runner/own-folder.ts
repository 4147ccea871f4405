import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a folder for a run of the tests, which every user can read; it goes with the run, whichever of its processes were killed. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-run-"));
  chmodSync(folder, 0o755);
  process.env.BULKHEAD_TEST_RUN = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
