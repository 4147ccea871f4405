import { expect, test } from "vitest";
import { container } from "../model/container.ts";
import type { Subject } from "../model/subject.ts";
import { idleIgnores, remembering } from "./idle-ignores.ts";
import { commentIgnores, ignoreOf } from "./ignores.ts";

const web: Subject = {
  kind: "container",
  id: "compose.yaml#web",
  name: "web",
  stableId: "compose.yaml#web",
  source: "compose",
  location: { file: "compose.yaml", startLine: 2, startColumn: 3, endLine: 6, endColumn: 1 },
  views: [container("declared")],
};

const text = `services:
  web:
    # bulkhead-ignore cpu-limit -- used
    # bulkhead-ignore memory-limit until=2026-01-01 -- over
    # bulkhead-ignore host-pid -- idle
    image: nginx
`;

function idle(controls: readonly string[]): readonly string[] {
  const known = remembering(commentIgnores("compose.yaml", text).ignores);
  for (const control of ["cpu-limit", "memory-limit"]) {
    ignoreOf(known.ignores, control, web, { origins: [] }, "2026-06-15");
  }
  const looked = { controls: new Set(controls), folders: [], live: false, today: "2026-06-15" };
  return idleIgnores(known.ignores, known.used, looked).map(
    ({ location, reason }) => `${location?.startLine} ${reason}`,
  );
}

test("an ignore that expired or matches nothing is reported, one that is used is not", () => {
  const all = idle(["cpu-limit", "memory-limit", "host-pid"]);
  expect(all).toHaveLength(2);
  expect(all[0]).toMatch(/^4 .*memory-limit expired on 2026-01-01/);
  expect(all[1]).toMatch(/^5 .*host-pid matches no finding/);
});

test("an ignore of a control that was not judged is not called idle", () => {
  expect(idle(["cpu-limit", "memory-limit"])).toHaveLength(1);
});
