import { expect, it, test } from "vitest";
import { bareContext } from "../../controls/control.ts";
import { findControl } from "../../controls/registry.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import type { Container } from "../../model/container.ts";
import type { TwinRequest } from "./bodies.ts";
import { canLoosen, loosened } from "./loosen.ts";

const profile = JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [] });

/** A container that every control holds. */
const hostConfig = {
  ...{ ReadonlyRootfs: true, CapDrop: ["ALL"], CapAdd: ["CHOWN"], PidsLimit: 100, Memory: 64 * 1024 ** 2 },
  ...{ MemorySwap: 64 * 1024 ** 2, NanoCpus: 500_000_000, NetworkMode: "none", IpcMode: "private" },
  SecurityOpt: ["no-new-privileges", `seccomp=${profile}`, "apparmor=docker-default"],
  BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1_000_000 }],
  Tmpfs: { "/tmp": "noexec,nosuid,size=8m" },
  Mounts: [
    { Type: "tmpfs", Target: "/cache", TmpfsOptions: { SizeBytes: 1_048_576, Mode: 0o700 } },
    { Type: "bind", Source: "/srv", Target: "/srv", ReadOnly: true },
  ],
};
const twinOf = (config: object): TwinRequest => ({
  ...{
    image: "web",
    label: ["test", "1"],
    user: "1000:1000",
    hostConfig: config as TwinRequest["hostConfig"],
  },
  view: readCreateRequest({ Image: "web", HostConfig: config }),
});
const hardened = twinOf(hostConfig);
const viewOf = ({ hostConfig: config, user }: TwinRequest): Container =>
  readCreateRequest({ Image: "web", User: user, HostConfig: config });

/** The facts that differ, without where they were read. */
function changedFacts(before: Container, after: Container): readonly string[] {
  const plain = (value: unknown) =>
    JSON.stringify(value, (key, each) => (key === "origins" ? undefined : each));
  return Object.keys(before)
    .filter((field) => plain(Reflect.get(before, field)) !== plain(Reflect.get(after, field)))
    .toSorted();
}

/** What each control is about, and nothing else, is another than before. */
const about = [
  ["read-only-rootfs", ["readonlyRootfs"]],
  ["tmpfs-options", ["mounts"]],
  ["storage-limit", ["mounts"]],
  ["masked-paths", ["pathProtection"]],
  ["privileged", ["privileged", "usernsMode"]],
  ["seccomp-profile", ["seccomp"]],
  ["apparmor-profile", ["apparmor"]],
  ["no-new-privileges", ["noNewPrivileges"]],
  ["capabilities-drop", ["capDrop"]],
  ["capabilities-dangerous", ["capAdd"]],
  ["root-user", ["user"]],
  ["device-access", ["deviceCgroupRules", "devices"]],
  ["host-pid", ["pidMode"]],
  ["host-network", ["networkMode"]],
  ["host-ipc", ["ipcMode"]],
  ["host-uts", ["utsMode"]],
  ["engine-user-namespaces", ["usernsMode"]],
  ["pids-limit", ["pidsLimit"]],
  ["memory-limit", ["memory", "memorySwap"]],
  ["cpu-limit", ["nanoCpus"]],
  ["io-limit", ["blkioDeviceLimits"]],
] as const;

it.each(about)("a twin without %s differs in %o alone, and fails that control", (control, fields) => {
  const loose = viewOf(loosened(hardened, [control], "/run/docker.sock"));
  expect(changedFacts(viewOf(hardened), loose)).toEqual([...fields]);
  const check = findControl(control)?.check.container;
  if (check === undefined) return;
  const verdictOf = (view: Container) => check(view, bareContext("engine-api")).verdict;
  expect([verdictOf(viewOf(hardened)), verdictOf(loose)]).toEqual([
    expect.not.stringMatching(/^fail$/),
    "fail",
  ]);
});

test("each tmpfs keeps its other options, also one that was asked for as a mount", () => {
  const tmpfsOf = (control: string) => {
    const { hostConfig: config } = loosened(hardened, [control], "");
    return [config.Tmpfs, config.Mounts];
  };
  const bind = hostConfig.Mounts[1];
  expect(tmpfsOf("tmpfs-options")).toEqual([
    { "/cache": "size=1048576,mode=700,exec", "/tmp": "nosuid,size=8m,exec" },
    [bind],
  ]);
  expect(tmpfsOf("storage-limit")).toEqual([{ "/cache": "mode=700", "/tmp": "noexec,nosuid" }, [bind]]);
});

test("the Engine's socket is mounted from where it is, and read-only volumes become fresh ones", () => {
  expect(loosened(hardened, ["docker-socket-mount"], "/run/other.sock").more).toMatchObject([
    { Type: "bind", Source: "/run/other.sock", ReadOnly: true },
  ]);
  expect(loosened(hardened, ["read-only-volume"], "").freshVolumes).toBe(true);
});

test("capabilities that give root of the host come on top of its own, and are not dropped", () => {
  const twin = twinOf({ ...hostConfig, CapAdd: ["CAP_CHOWN"], CapDrop: ["cap_sys_admin", "NET_RAW"] });
  const { CapAdd, CapDrop } = loosened(twin, ["capabilities-dangerous"], "").hostConfig;
  expect(CapAdd).toEqual(expect.arrayContaining(["CHOWN", "SYS_ADMIN", "SYS_MODULE"]));
  expect(CapAdd).not.toContain("ALL");
  expect(CapDrop).toEqual(["NET_RAW"]);
});

test("an option of security is replaced, in either spelling, and the others stay", () => {
  const twin = twinOf({ SecurityOpt: ["seccomp:default.json", "label=disable", "no-new-privileges:true"] });
  expect(loosened(twin, ["seccomp-profile", "no-new-privileges"], "").hostConfig.SecurityOpt).toEqual([
    ...["label=disable", "seccomp=unconfined", "no-new-privileges=false"],
  ]);
});

test("several controls are taken away together, and one that none can take leaves it as it is", () => {
  const both = loosened(hardened, ["pids-limit", "root-user"], "");
  expect([both.user, both.hostConfig.PidsLimit]).toEqual(["0:0", -1]);
  expect(loosened(hardened, ["engine-network-socket"], "")).toBe(hardened);
  expect([canLoosen("pids-limit"), canLoosen("engine-network-socket"), canLoosen("toString")]).toEqual([
    ...[true, false, false],
  ]);
});
