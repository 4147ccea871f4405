import { describe, expect, it } from "vitest";
import { credentialsOf, layerOf, maySucceed } from "./credentials.ts";

const first = "         0          0 4294967295\n";
const mapped = "         0     165536      65536\n";

const status = (over: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    ...{ Uid: "1000\t1000\t1000\t1000", CapEff: "0000000000200000", CapBnd: "00000000a80425fb" },
    ...{ NoNewPrivs: "0", Seccomp: "0", ...over },
  })
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join("");

describe("credentials", () => {
  it("are read from status, uid_map and the label", () => {
    const has = credentialsOf(status({ Seccomp: "2", NoNewPrivs: "1" }), first, "docker-default (enforce)\n");
    expect(has).toMatchObject({
      ...{ euid: 1000, hasSeccompFilter: true, noNewPrivileges: true, isFirstUserNamespace: true },
      label: "docker-default (enforce)",
    });
    expect([...has.effective]).toEqual(["SYS_ADMIN"]);
    expect(has.bounding.has("CHOWN")).toBe(true);
    expect(has.bounding.has("SYS_ADMIN")).toBe(false);
    const free = credentialsOf(status(), mapped, "unconfined\n");
    expect(free).toMatchObject({ hasSeccompFilter: false, isFirstUserNamespace: false, label: undefined });
    for (const label of ["", "x (complain)", "kernel", "system_u:system_r:spc_t:s0\0", "u:r:unconfined_t:s0"])
      expect(credentialsOf(status(), first, label).label).toBeUndefined();
    expect(credentialsOf(status(), first, "system_u:system_r:container_t:s0:c1\0").label).toContain(
      "container_t",
    );
    expect(credentialsOf("", "", "")).toMatchObject({ euid: undefined, effective: new Set() });
  });

  it("let a right succeed where its capability counts for the host", () => {
    expect(maySucceed(credentialsOf(status(), first, ""), "SYS_ADMIN")).toBe(true);
    expect(maySucceed(credentialsOf(status(), first, ""), "SYS_TIME")).toBe(false);
    expect(maySucceed(credentialsOf(status(), mapped, ""), "SYS_ADMIN")).toBe(false);
    expect(maySucceed(credentialsOf(status(), mapped, ""), undefined)).toBe(true);
  });

  it.each([
    ["SIGSYS", {}, first, "", "seccomp"],
    ["ENOSYS", { Seccomp: "2" }, first, "", "seccomp"],
    ["ENOSYS", {}, first, "", "kernel"],
    ["EROFS", {}, first, "", "read-only"],
    ["ENOENT", {}, first, "", "namespace"],
    ["ESRCH", {}, first, "", "namespace"],
    ["EACCES", {}, first, "", "permissions"],
    ["EACCES", {}, first, "docker-default (enforce)", "permissions or docker-default (enforce)"],
    ["EPERM", { CapEff: "0", Seccomp: "2" }, first, "", "no CAP_SYS_ADMIN"],
    ["EPERM", { Seccomp: "2" }, first, "", "seccomp"],
    ["EPERM", { Seccomp: "2" }, mapped, "", "seccomp or user namespace"],
    ["EPERM", {}, mapped, "", "user namespace"],
    ["EPERM", {}, first, "", "kernel"],
    ["EIO", {}, first, "", undefined],
  ] as const)("%s of a process %j is said to come from its layer", (error, over, uidMap, label, layer) => {
    expect(layerOf(error, credentialsOf(status(over), uidMap, label), "SYS_ADMIN")).toBe(layer);
  });

  it("without a needed capability a filter is named", () => {
    expect(layerOf("EPERM", credentialsOf(status({ CapEff: "0", Seccomp: "2" }), first, ""), undefined)).toBe(
      "seccomp",
    );
  });
});
