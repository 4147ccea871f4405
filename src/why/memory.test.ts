import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testFolder } from "../../test/support/test-folder.ts";
import { statFields } from "../base/stat-fields.ts";
import { readTexts } from "./memory.ts";

/** A process that waits, with a text at an address that is known: its own name. */
async function processNamed(name: string): Promise<{ readonly pid: number; readonly at: bigint }> {
  const child = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 60_000)"], {
    argv0: name,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const pid = child.pid ?? 0;
  // proc(5): field 48 of stat is where its arguments begin.
  return { pid, at: BigInt(statFields(readFileSync(`/proc/${pid}/stat`, "utf8"))[48] ?? 0) };
}

test("a path is read out of the process that made the call", async () => {
  const { pid, at } = await processNamed(`${import.meta.dirname}/new`);
  expect(readTexts(pid, "mkdir", [at])).toEqual([`${import.meta.dirname}/new`]);
});

test("memory that was used for something else since then gives no path", async () => {
  const garbled = "/dusr/libXML-RPC method ...() returned successfully";
  const { pid, at } = await processNamed(garbled);
  expect(readTexts(pid, "mkdir", [at])).toEqual([undefined]);
});

test("a path behind a link stays: where it leads, only the process knows", async () => {
  const folder = testFolder();
  symlinkSync("/data-of-the-container", join(folder, "data"));
  const { pid, at } = await processNamed(`${folder}/data/deep/new`);
  expect(readTexts(pid, "mkdir", [at])).toEqual([`${folder}/data/deep/new`]);
});

test("a relative path starts from the working folder", async () => {
  const { pid, at } = await processNamed("new");
  const [text = ""] = readTexts(pid, "mkdir", [at]);
  expect([dirname(text ?? ""), basename(text ?? "")]).toEqual([process.cwd(), "new"]);
});
