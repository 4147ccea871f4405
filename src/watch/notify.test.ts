import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../../test/support/test-folder.ts";
import { openNotifier, watchdogPeriod } from "./notify.ts";

/** A program systemd-notify that writes down what it is told, and what it sees of the environment. */
function fake(script = 'printf "%s|" "$@" >> "$0.told"; echo >> "$0.told"; env > "$0.env"'): string {
  const folder = testFolder();
  const path = join(folder, "systemd-notify");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return folder;
}

function toldIn(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, "systemd-notify.told"), "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

function open(folder: string, more: NodeJS.ProcessEnv = {}, isAlive = () => true) {
  const said: string[] = [];
  let looks = 0;
  const notifier = openNotifier({
    environment: { PATH: `${folder}:/bin:/usr/bin`, NOTIFY_SOCKET: "/run/systemd/notify", ...more },
    status() {
      looks += 1;
      return `watching\n${looks}`;
    },
    isAlive,
    say: (text) => said.push(text),
  });
  onTestFinished(() => notifier.stopping());
  return { notifier, said };
}

const patient = { timeout: 20_000 };

describe("systemd", () => {
  it("is told once that the watch is ready, with what it watches, and that it stops", async () => {
    const at = fake();
    const { notifier, said } = open(at, { SECRET: "hunter2" });
    notifier.ready();
    notifier.ready();
    await expect.poll(() => toldIn(at), patient).toEqual(["READY=1|STATUS=watching 1|"]);
    await notifier.stopping();
    expect(toldIn(at)).toEqual(["READY=1|STATUS=watching 1|", "STOPPING=1|"]);
    const seen = readFileSync(join(at, "systemd-notify.env"), "utf8");
    expect(seen).toContain("NOTIFY_SOCKET=/run/systemd/notify");
    expect(seen).not.toContain("hunter2");
    expect(said).toEqual([]);
  });

  it("hears from its watchdog's charge only as long as that works", async () => {
    const at = fake();
    let alive = true;
    const { notifier } = open(at, { WATCHDOG_USEC: "200000" }, () => alive);
    notifier.ready();
    const beats = () => toldIn(at).filter((line) => line.startsWith("WATCHDOG=1|STATUS=watching "));
    await expect.poll(() => beats().length, patient).toBeGreaterThan(2);
    alive = false;
    // What was underway comes, however long that takes; then nothing does.
    let before = -1;
    while (before !== beats().length) {
      before = beats().length;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    alive = true;
    await expect.poll(() => beats().length, patient).toBeGreaterThan(before);
  });

  it("that cannot be told is told of once", async () => {
    const failing = open(fake("exit 3"));
    failing.notifier.ready();
    await failing.notifier.stopping();
    await expect
      .poll(() => failing.said, patient)
      .toEqual(["systemd cannot be notified: systemd-notify ended with 3"]);
    const missing = open("/nonexistent", { PATH: "/nonexistent" });
    missing.notifier.ready();
    await missing.notifier.stopping();
    expect(missing.said).toEqual(["systemd cannot be notified: the program systemd-notify is not there"]);
  });

  it("is told nothing where no socket is named", async () => {
    const at = fake();
    const { notifier } = open(at, { NOTIFY_SOCKET: undefined, WATCHDOG_USEC: "200000" });
    notifier.ready();
    await notifier.stopping();
    expect(toldIn(at)).toEqual([]);
  });
});

it.each([
  [{ WATCHDOG_USEC: "120000000" }, 60_000],
  [{ WATCHDOG_USEC: "120000000", WATCHDOG_PID: "7" }, 60_000],
  [{ WATCHDOG_USEC: "120000000", WATCHDOG_PID: "8" }, undefined],
  [{ WATCHDOG_USEC: "1" }, 100],
  [{ WATCHDOG_USEC: "soon" }, undefined],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{}, undefined],
])("the watchdog's period out of %o is %s ms", (environment, period) => {
  expect(watchdogPeriod(environment, 7)).toBe(period);
});
