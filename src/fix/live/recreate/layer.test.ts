import { expect, test } from "vitest";
import { lostChanges } from "./layer.ts";

const changes = (...lines: readonly string[]) =>
  lines.map((line) => ({ Path: line.slice(2), Kind: ["C", "A", "D"].indexOf(line[0] ?? "") }));

const lost = (lines: readonly string[], apart: readonly string[] = []) =>
  lostChanges(changes(...lines), apart).map(({ letter, path }) => `${letter} ${path}`);

test("files count, and not the folders above them", () => {
  expect(
    lost(["C /var", "C /var/lib", "A /var/lib/app", "A /var/lib/app/db", "C /etc", "C /etc/x.conf"]),
  ).toEqual(["C /etc/x.conf", "A /var/lib/app/db"]);
});

test("an empty folder and whatever was deleted count", () => {
  expect(lost(["A /srv", "A /srv/empty", "C /etc", "D /etc/passwd", "D /opt", "A /opt/x"])).toEqual([
    "D /etc/passwd",
    "D /opt",
    "A /opt/x",
    "A /srv/empty",
  ]);
});

test("scratch places, mounts and the folders that lead to them do not", () => {
  expect(lost(["C /tmp", "A /tmp/x", "A /run/app.pid", "C /var", "A /var/cache", "A /var/cache/x"])).toEqual(
    [],
  );
  expect(lost(["A /data", "A /data/db", "A /mnt", "A /mnt/a"], ["/data/db", "/mnt/a"])).toEqual([]);
  expect(lost(["A /tmpfoo", "A /database"], ["/data"])).toEqual(["A /database", "A /tmpfoo"]);
});

test("nothing at all changed", () => {
  expect(lostChanges(null, [])).toEqual([]);
});
