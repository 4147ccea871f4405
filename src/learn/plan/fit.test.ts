import { describe, expect, it } from "vitest";
import { changeAfter } from "./fit.ts";

const grants = (service: string, capabilities: readonly string[], hasUser = false) => ({
  ...{ service, capabilities, hasUser },
  before: ["CHOWN", "DAC_OVERRIDE", "SETUID"],
  scratch: ["/run"],
  controls: ["read-only-rootfs", "capabilities-drop"],
});
const cause = (service: string, reason: string, capability?: string) => ({
  ...{ service, reason, suspects: [] },
  ...(capability !== undefined && { capability }),
});

describe("changeAfter", () => {
  it("gives the capability that the log names", () => {
    const causes = [cause("db", "chown: EPERM, needs CHOWN", "CHOWN")];
    expect(changeAfter(causes, "db", [grants("db", [])])).toEqual({
      ...{ kind: "capabilities", service: "db", add: ["CHOWN"] },
    });
  });

  it("takes a file that is not open for a lack of DAC_OVERRIDE", () => {
    expect(
      changeAfter([{ ...cause("db", "EACCES at /data"), kind: "denied" }], "db", [grants("db", [])]),
    ).toMatchObject({
      add: ["DAC_OVERRIDE"],
    });
  });

  it("gives a scratch folder a tmpfs, once, and takes a read-only root back where that is no help", () => {
    const refused = (path: string | undefined) => [
      {
        ...cause("db", `openat(${path}) refused by the read-only root`),
        ...{ path, suspects: ["read-only-rootfs"], kind: "readOnly" as const },
      },
    ];
    const all = [grants("db", [])];
    expect(changeAfter(refused("/tmp/a"), "db", all)).toEqual({
      kind: "scratch",
      service: "db",
      path: "/tmp",
    });
    // The trace does not show every path.
    expect(changeAfter(refused(undefined), "db", all)).toMatchObject({ kind: "scratch", path: "/tmp" });
    const step = { kind: "step", service: "db", control: "read-only-rootfs" };
    const [own] = all;
    expect(changeAfter(refused(undefined), "db", own ? [{ ...own, scratch: ["/tmp"] }] : [])).toEqual(step);
    expect(changeAfter(refused("/run/a"), "db", all)).toEqual(step);
    expect(changeAfter(refused("/app/notes"), "db", all)).toEqual(step);
  });

  it("takes the likeliest step back where only what it answers is another, and no user or capability first", () => {
    const differs = { ...cause("db", "after a reload it differs"), kind: "otherContent" as const };
    const all = [grants("db", [], true)];
    expect(changeAfter([{ ...differs, suspects: ["read-only-rootfs"] }], "db", all)).toEqual({
      ...{ kind: "step", service: "db", control: "read-only-rootfs" },
    });
  });

  it("gives the old user back first, to the service that failed", () => {
    const all = [grants("web", [], true), grants("db", [], true)];
    expect(changeAfter([cause("db", "EACCES at /data")], "db", all)).toEqual({ kind: "user", service: "db" });
  });

  it("gives all that it had where nothing is named, and never more", () => {
    expect(changeAfter([], "db", [grants("db", ["CHOWN"])])).toMatchObject({
      add: ["DAC_OVERRIDE", "SETUID"],
    });
    const unheard = [cause("db", "mount: EPERM, needs SYS_ADMIN", "SYS_ADMIN")];
    expect(changeAfter(unheard, "db", [grants("db", ["CHOWN", "DAC_OVERRIDE", "SETUID"])])).toBeUndefined();
  });
});
