import { expect, it } from "vitest";
import { noRun, type ServiceRun, type TrialRun } from "../run.ts";
import type { Baseline } from "./baseline.ts";
import type { RefusedCall } from "./cause.ts";
import { judgeTrial } from "./judge.ts";

const baseline = { logs: new Map() } as unknown as Baseline;

function judged(log: string, refusals: readonly Partial<RefusedCall>[], fails = true, more = {}) {
  const state = { id: "1", running: !fails, exitCode: fails ? 3 : 0, error: "", oomKilled: false };
  const failure = {
    kind: "restart",
    service: "web",
    reason: "web ended with status 3",
    isFinal: true,
    phase: "first",
    ...more,
  };
  const run = {
    ...noRun,
    services: new Map([["web", { log, state } as unknown as ServiceRun]]),
    ...(fails && { failure }),
    refusals: refusals.map((each) => ({
      ...{ container: "1", suspects: ["read-only-rootfs"], isBeforeEnd: false, isIn: () => false },
      reason: (path: string | undefined) => `mkdir(${path ?? "…"}) refused`,
      ...each,
    })),
  } as unknown as TrialRun;
  return judgeTrial(run, baseline);
}

const denied = "mkdir: can't create directory '/x': Permission denied";

it("names the refused call that the log speaks of, with the log's path, before what the log says", () => {
  const { reason, causes } = judged(denied, [{ isIn: (line) => line.includes("denied") }]);
  expect(reason).toBe("mkdir(/x) refused");
  expect(causes.map(({ suspects }) => suspects[0])).toEqual(["read-only-rootfs", "capabilities-drop"]);
});

it("names a refused call right before the end where no log says why, and after what one says", () => {
  expect(judged("", [{ isBeforeEnd: true }]).reason).toBe("mkdir(…) refused");
  expect(judged(denied, [{ isBeforeEnd: true }]).reason).toMatch(/^EACCES at \/x/);
});

it("gives the kind and the path of a refused call, and says where only the content is another", () => {
  const [call] = judged("can't create /tmp/x: Read-only file system", [
    { kind: "readOnly", isIn: (line) => line.includes("Read-only") },
  ]).causes;
  expect(call).toMatchObject({ kind: "readOnly", path: "/tmp/x" });
  const failure = { suspects: ["root-user"], isOtherContent: true };
  expect(judged("", [], true, failure).causes).toMatchObject([
    { kind: "otherContent", suspects: ["root-user"] },
  ]);
});

it("takes the path that the kernel shows before the one in the log", () => {
  const call = { path: "/srv/made", isIn: (line: string) => line.includes("denied") };
  const [first] = judged(denied, [call]).causes;
  // Its own words have that path already.
  expect(first).toMatchObject({ path: "/srv/made", reason: "mkdir(…) refused" });
});

it("guesses a write that the read-only root refused and the program survived, after all that is surer", () => {
  const survived = { kind: "readOnly", path: "/tmp/upload" } as const;
  expect(judged("", [survived]).causes).toMatchObject([survived]);
  const failure = { suspects: ["root-user"], isOtherContent: true };
  const [first, second] = judged("", [survived], true, failure).causes;
  expect([first?.kind, second?.kind]).toEqual(["readOnly", "otherContent"]);
  expect(judged(denied, [survived]).causes.map(({ path }) => path)).toEqual(["/x", "/tmp/upload"]);
  expect(judged("", [survived], false).causes).toEqual([]);
});

it("leaves out what it survived, and what another container was refused", () => {
  expect(judged("", [{}]).reason).toBe("web ended with status 3");
  expect(judged("", [{ isBeforeEnd: true, container: "2" }]).reason).toBe("web ended with status 3");
  expect(judged("", [{ isBeforeEnd: true }], false)).toMatchObject({ works: true, causes: [] });
});
