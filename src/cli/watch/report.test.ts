import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { openReport } from "./report.ts";

it("proofs wait in memory where the disk takes no folder for them", async () => {
  vi.stubEnv("BULKHEAD_ENROL_TOKEN", "t");
  onTestFinished(() => void vi.unstubAllEnvs());
  const said: string[] = [];
  const queue = testFolder();
  const open = async () => {
    const opened = await openReport(
      { url: "http://127.0.0.1:1", labels: [], token: undefined, tokenName: "", allow: [] },
      {
        ...{ queue, acceptances: undefined, guards: undefined, jobs: undefined, portrait: () => undefined },
        host: { name: "h", engine: "e", version: "1" },
        say: (text) => void said.push(text),
      },
    );
    if (!opened.ok) throw new Error(opened.reason);
    opened.value?.proven({ container: "web", time: 1, trouble: "no space", probes: null });
    await opened.value?.close();
  };
  await open();
  const [report = ""] = readdirSync(queue).filter((name) => name.startsWith("report-"));
  const proofs = join(queue, report, "proofs");
  expect(readdirSync(proofs)).toContain("00000001.queue");
  rmSync(proofs, { recursive: true });
  writeFileSync(proofs, "");
  await open();
  expect(said.join("\n")).toContain(`${proofs} cannot be made`);
});
