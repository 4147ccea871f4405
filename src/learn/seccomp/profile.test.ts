import { expect, it } from "vitest";
import { callName, isCall } from "../../engine/system-calls.ts";
import { beyondDefault, opensBy } from "../../formats/values/seccomp.ts";
import { learntProfile, lives, profileOf, profileText } from "./profile.ts";

const allowed = (seen: readonly string[]) => profileOf(seen).syscalls[0]?.names ?? [];

it("names calls as each architecture numbers them", () => {
  expect([0, 59, 257, 317, 435].map((number) => callName(number, "amd64"))).toEqual([
    ...["read", "execve", "openat", "seccomp", "clone3"],
  ]);
  expect([56, 63, 221, 222, 277, 435].map((number) => callName(number, "arm64"))).toEqual([
    ...["openat", "read", "execve", "mmap", "seccomp", "clone3"],
  ]);
  expect(callName(9_999, "amd64")).toBeUndefined();
});

it("allows nothing that no architecture has", () => {
  const all = allowed(["open", "fork", "shmget", "recvfrom", "setuid", "semop", "io_setup", "stat"]);
  expect(all.filter((name) => !isCall(name) && !["send", "recv", "fstatat64"].includes(name))).toEqual([]);
});

it("gives the other architecture's call for one that it has not", () => {
  expect(allowed(["open"])).toContain("openat");
  expect(allowed(["openat"])).toContain("open");
  expect(allowed(["epoll_wait"])).toContain("epoll_pwait2");
  expect(allowed(["open"])).not.toContain("epoll_pwait2");
});

it("always allows calls on files and a shell's pipe, which a reload needs", () => {
  const shell =
    "open openat stat lstat fstat newfstatat statx access readlink getdents64 pipe pipe2 dup dup2 fcntl";
  const jobs = "read write lseek mkdir rename unlink chmod chown ftruncate fsync flock select";
  expect(allowed([])).toEqual(expect.arrayContaining([...shell.split(" "), ...jobs.split(" ")]));
  expect(allowed([]).filter((name) => !isCall(name) && name !== "fstatat64")).toEqual([]);
  expect(beyondDefault(profileText(profileOf([])))).toEqual([]);
});

it("lets who made something use it, though a quiet run did not show that", () => {
  expect(allowed(["socket", "bind", "listen"])).toEqual(
    expect.arrayContaining(["accept", "accept4", "recvfrom", "sendmsg", "shutdown"]),
  );
  expect(allowed(["socket", "bind"])).not.toContain("accept4");
});

it.each(lives)(
  "%j: all of them are calls, and Docker's own profile lets all of them through",
  (makes, uses) => {
    for (const name of [...makes, ...uses]) expect(isCall(name), name).toBe(true);
    expect(beyondDefault(profileText(profileOf(makes)))).toEqual([]);
    for (const made of makes) expect(allowed([made])).toEqual(expect.arrayContaining([...uses]));
  },
);

it("lets a C library fall back from clone3, and makes no namespaces", () => {
  const { syscalls } = profileOf(["clone3", "socket"]);
  expect(syscalls.at(-1)).toEqual({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 });
  expect(syscalls[0]?.names.filter((name) => /^(?:clone3?|socket)$/.test(name))).toEqual([]);
  const restricted = syscalls.filter(({ args }) => args).flatMap(({ names }) => names);
  expect([...new Set(restricted)]).toEqual(["clone", "socket"]);
  const opens = Object.keys(opensBy(profileText(profileOf(["socket"]))) ?? {});
  expect(opens.filter((what) => /ALG|VSOCK|RXRPC|RDS|TIPC|2\^32/.test(what))).toEqual([]);
  expect(opens).toContain("socket(AF_NETLINK, ROUTE)");
});

it("is in nothing wider than Docker's own profile of today", () => {
  const seen = [
    "socket",
    "personality",
    "clone3",
    "clone",
    "connect",
    "ptrace",
    "open",
    "arch_prctl",
    "setuid",
  ];
  expect(beyondDefault(profileText(profileOf(seen)))).toEqual([]);
  expect(beyondDefault(profileText(profileOf(["mount", "io_uring_setup"])))).toEqual([
    "io_uring_setup",
    "mount",
  ]);
});

it("leaves out what was refused without harm, unless another profile let it through", () => {
  const learnt = (calls: readonly string[], hadDockersOwn: boolean, families?: readonly number[]) =>
    learntProfile({ calls: new Set(calls), families: families && new Set(families) }, hadDockersOwn);
  expect(learnt(["read", "mount"], true)).toMatchObject({ names: ["read"], refused: ["mount"], wider: [] });
  expect(learnt(["read", "mount"], false)).toMatchObject({ names: ["mount", "read"], wider: ["mount"] });
  const sockets = learnt(["socket"], true, [2, 17, 38]);
  expect(sockets).toMatchObject({ families: [1, 2, 10, 16, 17], wider: [] });
  const opens = Object.keys(opensBy(sockets.text) ?? {}).filter((what) =>
    /^socket\(AF_[A-Z0-9]+\)$/.test(what),
  );
  expect(opens).toEqual(["socket(AF_PACKET)"]);
  expect(learnt(["socket"], false, [38])).toMatchObject({ wider: ["socket(AF_ALG)"] });
  // A version before this one kept no families.
  expect(learnt(["socket"], true)).toMatchObject({ families: undefined, wider: [] });
});

it("leaves out what Docker's own profile stops too", () => {
  const stopped = ["mount", "ptrace", "bpf", "unshare", "reboot", "init_module", "setns"];
  expect(allowed(["read"]).filter((name) => stopped.includes(name))).toEqual([]);
});
