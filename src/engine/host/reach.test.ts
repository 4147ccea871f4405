import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { hostFiles } from "./files.ts";
import { type ReachMap, socketReach, withReach } from "./reach.ts";

const server = createServer();
let root = "";
let reach: ReachMap = new Map();

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "bulkhead-reach-"));
  mkdirSync(join(root, "run/deep"), { recursive: true });
  mkdirSync(join(root, "other"));
  await new Promise<void>((resolve) => server.listen(join(root, "run/engine.sock"), resolve));
  symlinkSync(join(root, "run"), join(root, "alias"));
  symlinkSync("../run/engine.sock", join(root, "other/renamed.sock"));
  linkSync(join(root, "run/engine.sock"), join(root, "other/hard.sock"));
  writeFileSync(join(root, "other/plain.sock"), "");
  // The same socket by two names, one that is missing and one that is not a socket.
  const names = ["alias/engine.sock", "run/engine.sock", "run/nosuch.sock", "other/plain.sock"];
  reach = socketReach(
    names.map((name) => join(root, name)),
    hostFiles,
  );
});

afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});

it.each([
  ["run/engine.sock", "run/engine.sock", true],
  ["run", "run", true],
  ["", "", true],
  ["alias", "run", true],
  ["other/renamed.sock", "run/engine.sock", true],
  ["other/hard.sock", "other/hard.sock", true],
  ["run/deep", "run/deep", false],
  ["other", "other", false],
  ["other/plain.sock", "other/plain.sock", false],
])("a bind of %j is %j, with the socket: %s", (source, resolved, reaches) => {
  const given = set(mount({ type: "bind", target: "/x", hostPath: join(root, source) }));
  const [found] = withReach([given], reach, hostFiles);
  expect(found).toMatchObject({
    value: { resolvedPath: join(root, resolved), sockets: reaches ? [join(root, "run/engine.sock")] : [] },
  });
});

it("reaches from the root of the host, too, and leaves what is missing and what is no bind", () => {
  const mounts = ["/", "/nosuch/at-all", undefined].map((hostPath) =>
    set(mount({ type: "bind", target: "/x", hostPath })),
  );
  const [everything, missing, volume] = withReach(mounts, reach, hostFiles);
  expect(everything).toMatchObject({ value: { sockets: [join(root, "run/engine.sock")] } });
  expect([missing, volume]).toEqual(mounts.slice(1));
});
