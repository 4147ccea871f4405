import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { idleReasons, keyLists, keysPage, unknownToReader } from "../../scripts/key-lists/lists.ts";

const lists = keyLists();

describe.each(lists.map((list) => [list.name, list.rows] as const))("%s", (_, rows) => {
  test("has keys", () => expect(rows.length).toBeGreaterThan(40));

  test("each key is judged, or the list says why not", () => {
    const silent = rows.filter(({ controls, why }) => controls.length === 0 && why === undefined);
    expect(silent.map(({ key }) => key)).toEqual([]);
  });
});

test("no reason is kept for a key that a control judges", () => expect(idleReasons(lists)).toEqual([]));

test("the reader of daemon.json knows every key but those that dockerd refuses", () => {
  expect(unknownToReader(lists)).toEqual([
    "containerd-plugin-namespace",
    "default-init",
    "resolv-conf",
    "swarm-raft-election-tick",
    "swarm-raft-heartbeat-tick",
  ]);
});

test("docs/keys.md is what npm run docs writes", () => {
  expect(readFileSync("docs/keys.md", "utf8")).toBe(keysPage(lists));
});
