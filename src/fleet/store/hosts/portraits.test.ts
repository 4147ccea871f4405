import { expect, it } from "vitest";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { HostSetting, Portrait } from "../../protocol/report.ts";
import { putHost } from "./hosts.ts";
import { forgetSettingChanges, portraitOf, putPortrait, settingChanges } from "./portraits.ts";
import { removeHost } from "./reports.ts";

const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };

function portrait(taken: number, settings: Readonly<Record<string, string | null>>): Portrait {
  return {
    taken,
    settings: Object.entries(settings).map(
      ([name, value]): HostSetting => ({ group: "daemon", name, value, from: "default" }),
    ),
    benchmark: { id: "cis-1.6", results: [] },
  };
}

describeStores((open) => {
  it("keeps the latest portrait of a host, and what changed of its settings", async () => {
    const database = await open();
    // A host that is not known, or was removed meanwhile.
    await putPortrait(database, "h", portrait(1, {}));
    expect(await portraitOf(database, "h")).toBeUndefined();
    await putHost(database, host, 1);
    await putPortrait(database, "h", portrait(1, { icc: "on", version: "27.1", memory: "2 GiB" }));
    expect(await settingChanges(database, "h", 10)).toEqual([]);
    await putPortrait(database, "h", portrait(2, { icc: "off", version: "27.1", memory: null }));
    await putPortrait(database, "h", portrait(3, { icc: "off", version: "28.0", "log-level": "debug\0" }));
    // What comes late or twice changes nothing.
    await putPortrait(database, "h", portrait(2, { icc: "on" }));
    expect((await portraitOf(database, "h"))?.taken).toBe(3);
    expect(await settingChanges(database, "h", 10)).toEqual([
      { time: 3, group: "daemon", name: "log-level", before: null, after: "debug\ufffd" },
      { time: 3, group: "daemon", name: "version", before: "27.1", after: "28.0" },
      { time: 2, group: "daemon", name: "icc", before: "on", after: "off" },
    ]);
    await forgetSettingChanges(database, 3);
    expect(await settingChanges(database, "h", 10)).toHaveLength(2);
    await removeHost(database, "h", 9);
    expect(await portraitOf(database, "h")).toBeUndefined();
    expect(await settingChanges(database, "h", 10)).toEqual([]);
  });
});
