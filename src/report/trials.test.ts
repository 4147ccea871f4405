import { expect, it } from "vitest";
import { trialsPage } from "./trials.ts";

it("shows what holds, what breaks and why, and the edits, and escapes all of it", () => {
  const page = trialsPage(
    "learn",
    [
      {
        ...{ subject: "compose.yaml#web", failure: undefined, note: "4 runs in 9 s." },
        facts: [["user", ["starts as root", "switches to <app>"]]],
        steps: [
          {
            ...{ controls: ["capabilities-drop"], summary: "Drop all capabilities.", outcome: "holds" },
            ...{ reason: undefined, evidence: [] },
          },
          {
            ...{ controls: ["read-only-rootfs"], summary: "Make the root read-only.", outcome: "breaks" },
            ...{ reason: "EROFS at /srv/state", evidence: ["/srv/<state>: Read-only file system"] },
          },
        ],
      },
    ],
    ["+    cap_drop: [ALL]"],
  );
  expect(page).toContain("<title>bulkhead: 1 step holds, 1 breaks, 0 not tried</title>");
  expect(page).toContain("EROFS at /srv/state");
  expect(page).toContain("/srv/&lt;state&gt;: Read-only file system");
  expect(page).toContain("+    cap_drop: [ALL]");
  expect(page).toContain("<b>bulkhead</b> learn");
  expect(page).toMatch(/<dt>user<\/dt><dd>starts as root.*switches to &lt;app&gt;/s);
  expect(page).not.toContain("<script");
});
