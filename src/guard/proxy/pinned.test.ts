import { chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holdFolders } from "../engine/folders.ts";
import { hostEyes } from "../engine/host-path.ts";
import type { Ask } from "../judge/judge.ts";
import { type Answer, questionKey } from "../judge/result.ts";
import { leashPolicy } from "../leash/policy.ts";
import type { Policies } from "../policy/policies.ts";
import { realGate } from "./real-gate.ts";

let base = "";
let project = "";
let socket = "";
const server = createServer();
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "bulkhead-pinned-"));
  project = join(base, "project");
  socket = join(base, "docker.sock");
  for (const path of ["project/sub", "other/sub"]) mkdirSync(join(base, path), { recursive: true });
  if (process.getuid?.() === 0) chownSync(base, 1000, 1000);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(base, { recursive: true, force: true });
});

/** The user puts a link in the place of the project between any two looks of the guard's. */
async function sentOf(host: unknown, { version = "1.45", looks = 99 } = {}) {
  const eyes = hostEyes("", () => []);
  const folders = holdFolders({
    eyes,
    hostRoot: "",
    onHost: undefined,
    base: async () => ({ uid: 0, gid: 0 }),
    tell: () => undefined,
  });
  const mounts = [{ source: `${project}/**`, readOnly: false }];
  const { policy } = leashPolicy({ name: "a", value: "a-1", mounts, socket, config: undefined });
  const held = await folders.under({ default: policy, clients: [] } as unknown as Policies);
  let looked = 0;
  const answer = (kind: string, path: string): Answer => {
    if (kind === "engine")
      return { state: "found", id: "engine", document: { info: {}, version: { ApiVersion: "1.45" } } };
    if (kind === "image") return { state: "found", id: "sha256:a", document: { Id: "sha256:a", Config: {} } };
    if (kind !== "hostPath") return { state: "missing" };
    looked += 1;
    if (looked === looks) {
      renameSync(project, join(base, "aside"));
      symlinkSync(join(base, "other"), project);
    }
    return eyes.look(path);
  };
  const ask: Ask = async (questions) =>
    new Map(questions.map((each) => [questionKey(each), answer(each.kind, "path" in each ? each.path : "")]));
  const body = Buffer.from(JSON.stringify({ Image: "app", HostConfig: host }));
  const judged = await realGate(ask, folders).judge(
    {
      method: "POST",
      target: `/v${version}/containers/create`,
      headers: [["Content-Type", "application/json"]],
      body: { kind: "bytes", bytes: body },
    } as never,
    held.default,
  );
  folders.close();
  return { looked, verdict: judged.verdict, sent: JSON.stringify(judged.request?.body) };
}

const bind = (source: string) => ({ Binds: [`${source}:/x`] });
const mount = (source: string) => ({ Mounts: [{ Type: "bind", Source: source, Target: "/x" }] });

test.each([1, 2, 3, 4, 5, 6])(
  "no bind stays one, whenever its path becomes a link: at look %i",
  async (looks) => {
    for (const host of [bind(project), bind(`${project}/sub`), mount(project), mount(`${project}/sub`)]) {
      const { verdict, sent } = await sentOf(host, { looks });
      if (verdict !== "deny") {
        expect(sent).toMatch(/"device":"\/proc\/\d+\/fd\/\d+"/);
        expect(sent).not.toMatch(/"Type":"bind"|"Binds":\[[^\]]/);
      }
      rmSync(project, { recursive: true });
      mkdirSync(join(project, "sub"), { recursive: true });
      rmSync(join(base, "aside"), { recursive: true, force: true });
    }
  },
);

test("a folder, a part of it and the leash's own socket are mounted by descriptors", async () => {
  for (const path of [project, `${project}/sub`, socket]) {
    const { verdict, sent } = await sentOf(bind(path));
    expect(verdict, sent).toBe("harden");
    expect(sent).toMatch(/"device":"\/proc\/\d+\/fd\/\d+"/);
  }
  expect((await sentOf(bind(socket))).sent).toContain('"Subpath":"docker.sock"');
});

test("what would reach a folder by its path is refused: an older API, a volume's device", async () => {
  expect((await sentOf(bind(project), { version: "1.44" })).verdict).toBe("deny");
  const Options = { type: "none", o: "bind", device: project };
  const volume = {
    Type: "volume",
    Source: "v",
    Target: "/x",
    VolumeOptions: { DriverConfig: { Name: "local", Options } },
  };
  expect((await sentOf({ Mounts: [volume] })).verdict).toBe("deny");
});
