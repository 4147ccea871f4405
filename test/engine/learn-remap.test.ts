import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

const image = {
  // It gives a folder to the user it becomes, who keeps a file there.
  "/app": `#!/bin/sh
if [ "$(id -u)" = 0 ]; then mkdir -p /run/app; chown app /data /run/app; exec su -s /bin/sh app -c "exec $0"; fi
echo $$ >/run/app/pid; while :; do date >/data/file; date >/run/app/now; sleep 0.2; done
`,
  "/etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n",
  "/etc/group": "root:x:0:\napp:x:1000:\n",
  "/data/keep": "",
  "/run/keep": "",
};

describeWithEngine("bulkhead learn under userns-remap", () => {
  let engines: readonly TestEngine[] = [];
  let program: string;
  let state = "";

  beforeAll(async () => {
    program = builtCommand();
    state = mkdtempSync(join(tmpdir(), "bulkhead-state-"));
    engines = await Promise.all([startEngine(), startEngine({ usernsRemap: true })]);
    for (const engine of engines)
      await importImage(engine, "dropper:1", { changes: ['CMD ["/app"]'], files: image });
  });
  afterAll(async () => {
    for (const engine of engines) await engine.stop();
    rmSync(state, { recursive: true, force: true });
  });

  it("sees the same as without: users, files and capabilities are the container's, whoever they are outside", async () => {
    const seen = [];
    for (const engine of engines) {
      await engine.docker([
        "run",
        "-d",
        "--name",
        "web",
        "--network",
        "none",
        "-v",
        "data:/data",
        "dropper:1",
      ]);
      const ran = await runCli(
        program,
        ["learn", "--in-place", "--format", "json", "container:web", "--for", "4s"],
        { env: { ...engine.environment, XDG_STATE_HOME: state } },
      );
      expect(ran.stdout, ran.stderr).toMatch(/^\{/);
      const { capabilities, files, users } = JSON.parse(ran.stdout);
      seen.push({ capabilities, files, users });
    }
    const [plain, remapped] = seen;
    expect(plain).toMatchObject({ users: { main: { uid: 1000 } } });
    expect(remapped).toEqual(plain);
  });
});
