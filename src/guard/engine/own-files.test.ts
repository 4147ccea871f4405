import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blindEyes, hostEyes } from "./host-path.ts";
import type { OwnFile } from "./own-files.ts";

let root = "";
const own: readonly OwnFile[] = [
  { path: "/var/run/guard/other.sock", what: "listener" },
  { path: "/var/log/guard.log", what: "audit log" },
  { path: "/opt/guard", what: "program" },
];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "bulkhead-own-"));
  for (const folder of ["run/guard", "var/log", "opt/guard", "srv", "home"])
    mkdirSync(join(root, folder), { recursive: true });
  symlinkSync("/run", join(root, "var/run"));
  for (const file of ["run/guard/other.sock", "var/log/guard.log", "opt/guard/cli.js"])
    writeFileSync(join(root, file), "");
  symlinkSync("/run/guard", join(root, "srv/link"));
  linkSync(join(root, "run/guard/other.sock"), join(root, "srv/innocent"));
  linkSync(join(root, "opt/guard/cli.js"), join(root, "srv/script"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const reached = (path: string) => {
  const answer = hostEyes(
    root,
    () => [],
    () => own,
  ).look(path);
  return answer.state === "missing" ? [] : (answer.own ?? []).map(({ what, how }) => `${what} ${how}`);
};

it.each([
  ["/run/guard/other.sock", ["listener at"]],
  ["/var/run/guard/other.sock", ["listener at"]],
  ["/run/guard", ["listener above"]],
  ["/", ["listener above", "audit log above", "program above"]],
  ["/srv/link", ["listener above"]],
  ["/srv/link/other.sock", ["listener at"]],
  ["/srv/innocent", ["listener at"]],
  ["/srv/script", ["program below"]],
  ["/var/log/guard.log.1", ["audit log below"]],
  ["/opt/guard/cli.js", ["program below"]],
  ["/opt/guard/later.js", ["program below"]],
  ["/srv", []],
  ["/home", []],
  ["/run/guard/mine", []],
])("%s leads to %j", (path, expected) => {
  expect([...new Set(reached(path))].sort()).toEqual([...expected].sort());
});

it("goes by the letters where nothing of the host is visible", () => {
  const eyes = blindEyes("it is dark", () => own);
  expect(eyes.look("/run/guard")).toMatchObject({ isBlind: true, own: [{ what: "listener", how: "above" }] });
  expect(eyes.look("/home")).toMatchObject({ own: [] });
});
