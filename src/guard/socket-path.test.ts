import { lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePath } from "./socket-path.ts";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "bulkhead-socket-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function listening(path: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
}

test("a folder that is not there is made, and everybody may walk through it", async () => {
  const own = join(folder(), "run");
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  expect(await freePath(join(own, "bulkhead.sock"))).toEqual({ ok: true });
  expect(statSync(own).mode & 0o777).toBe(0o755);
});

test("a folder that is there keeps its mode", async () => {
  const own = join(folder(), "run");
  mkdirSync(own, { mode: 0o700 });
  expect(await freePath(join(own, "bulkhead.sock"))).toEqual({ ok: true });
  expect(statSync(own).mode & 0o777).toBe(0o700);
});

test("a socket that somebody listens on stays, and so does what is not a socket", async () => {
  const own = folder();
  const [taken, file] = [join(own, "taken.sock"), join(own, "file")];
  await listening(taken);
  writeFileSync(file, "");
  expect(await freePath(taken)).toEqual({ ok: false, reason: `something listens on ${taken} already` });
  expect(lstatSync(taken).isSocket()).toBe(true);
  expect(await freePath(file)).toEqual({ ok: false, reason: `${file} is there and is not a socket` });
});
