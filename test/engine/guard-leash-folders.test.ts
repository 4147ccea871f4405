import {
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { openLeashes, user } from "../support/guard/leash-process.ts";
import { describeWithEngine } from "./describe.ts";
import { type EngineOptions, startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { restart, untilAnswers } from "./restart.ts";

const engines: Readonly<Record<string, EngineOptions>> = {
  "as it comes": {},
  "that restores live": { daemonJson: { "live-restore": true } },
  "that remaps users": { usernsRemap: true },
};

/** The user swaps the project for a link, and dockerd, which forgets what it had mounted, restarts. */
describeWithEngine("the folder of a leash whose dockerd restarts", () => {
  it.each(Object.entries(engines))("stays the same folder on an Engine %s", async (_, options) => {
    const engine = await startEngine(options);
    const leashes = openLeashes(builtCommand(), engine.host);
    try {
      await importBusybox(engine);
      const { folder } = leashes;
      const treasury = join(engine.folder, "treasury");
      for (const path of [join(folder, "sub"), join(treasury, "sub")]) {
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, path.startsWith(folder) ? "own" : "treasure"), "");
        chownSync(path, user, user);
      }
      const run = leashes.start([
        ...["--", "sh", "-c"],
        `make() { docker create --network none --name $1 -v "$PWD$2:/x" ${busybox} sh -c 'ls /x /x/sub; touch /x/by-root && echo wrote' >/dev/null; }
         make whole ""; make part /sub; docker start -a whole; docker start -a part 2>/dev/null; echo made
         while [ ! -e ../go ]; do sleep 0.1; done; until docker version >/dev/null 2>&1; do sleep 0.2; done
         echo AGAIN; docker start -a whole; docker start -a part 2>/dev/null; make third ""
         echo PUT BACK; while [ -e ../go ]; do sleep 0.1; done; cd "$PWD"; make fourth ""; docker start -a fourth`,
      ]);
      await run.until("made");
      renameSync(folder, `${folder}.aside`);
      symlinkSync(treasury, folder);
      await restart({ ...engine, pid: pidOf(engine) });
      await untilAnswers(engine);
      chownSync(engine.socketPath, user, user);
      writeFileSync(join(folder, "../go"), "");
      await run.until("PUT BACK");
      rmSync(folder);
      renameSync(`${folder}.aside`, folder);
      rmSync(join(folder, "../go"));
      expect(await run.ended, run.said()).toBe(0);
      const said = run.said();
      expect(said).not.toContain("treasure");
      expect(said.match(/^own$/gm), said).toHaveLength(5);
      expect(said.match(/^wrote$/gm), said).toHaveLength(5);
      expect(said).toMatch(/^bulkhead: refused: 1 calls.*treasury/m);
      expect(statSync(join(folder, "by-root")).uid).toBe(user);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${folder} /run/bulkhead`);
    } finally {
      leashes.remove();
      process.kill(pidOf(engine), "SIGTERM");
      await engine.stop();
    }
  });
});

function pidOf({ folder }: TestEngine): number {
  return Number(readFileSync(join(folder, "pid"), "utf8"));
}
