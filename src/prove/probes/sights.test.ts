import { describe, expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import type { Before, Probe, ProbeTarget, RunningProcess } from "../probe.ts";
import {
  almighty,
  dirents,
  errno,
  type FakeKernel,
  fakeTarget,
  plainFacts,
  usualMounts,
} from "../testing/fake-kernel.ts";
import { hostInterfaces, hostIpc, hostName, hostProcesses, uidMap } from "./namespaces.ts";
import { runAsRoot, setuidBinary } from "./users.ts";

interface Seen {
  /** What readlink gives, by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Processes in each procfs, by its folder. */
  readonly processes?: Readonly<Record<string, readonly number[]>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly uid?: number;
  readonly mounts?: string;
}

function kernelOf({
  links = {},
  processes = {},
  files = {},
  name = "web",
  uid = 0,
  mounts = "",
}: Seen): FakeKernel {
  const opened: string[] = [];
  return {
    files: {
      ...almighty,
      "/proc/self/mountinfo": `${usualMounts["/proc/self/mountinfo"]}${mounts}`,
      ...files,
    },
    answer(asked) {
      const { given, text } = asked;
      if (asked.name === "geteuid") return uid;
      if (asked.name === "readlinkat" && Buffer.isBuffer(given[2])) {
        const to = links[text(1)];
        return to === undefined ? errno.ENOENT : given[2].write(to);
      }
      if (asked.name === "uname" && Buffer.isBuffer(given[0])) {
        given[0].write("Linux\0", 0);
        given[0].write(`${name}\0`, 65);
        return 0;
      }
      if (asked.name === "openat" && processes[text(1)]) return 199 + opened.push(text(1));
      const listed = processes[opened[Number(given[0]) - 200] ?? ""];
      if (asked.name !== "getdents64" || !listed || !Buffer.isBuffer(given[1])) return undefined;
      const entries = [...listed.map(String), "self", "sys"].map((each) => [each, "folder"] as const);
      return dirents(Object.fromEntries(entries)).copy(given[1]);
    },
  };
}

async function proved(
  probe: Probe,
  here: Seen,
  there?: Seen,
  more: Partial<ProbeTarget> = {},
): Promise<Before> {
  const looser = async () => (there ? ok(fakeTarget(kernelOf(there), { role: "looser" })) : failed("no"));
  return (await probe.prove(fakeTarget(kernelOf(here), more), looser)).judgement;
}

const namespace = (kind: string, number: number) => ({ [`/proc/self/ns/${kind}`]: `${kind}:[${number}]` });

describe.each([
  [
    hostInterfaces,
    "net",
    { files: { "/proc/net/dev": "Inter-|\n face |\n    lo: 0 0\n  eth0: 0 0\n" } },
    "it sees lo, eth0",
  ],
  [
    hostIpc,
    "ipc",
    { files: { "/proc/sysvipc/shm": "key shmid\n 1 2\n 3 4\n" } },
    "it sees 2 segments of shared memory",
  ],
  [hostName, "uts", { name: "web" }, "it sees the name web"],
  [hostProcesses, "pid", { processes: { "/proc": [1, 7, 12] } }, "it sees 3 processes"],
] as const)("$id", (probe, kind, seen, sees) => {
  const here: Seen = { ...seen, links: { ...namespace(kind, 2), "/proc/self": "7" } };
  const there: Seen = { ...seen, name: "host", links: { ...namespace(kind, 1), "/proc/self": "900" } };

  test("is held in a namespace of its own, with what it sees there", async () => {
    const judgement = await proved(probe, here, there);
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain(`in ${kind}:[2] ${sees}`);
  });

  test("is not held in the host's", async () => {
    const links = { ...here.links, ...namespace(kind, 1) };
    expect(await proved(probe, { ...here, links }, there)).toMatchObject({ outcome: "notHeld" });
  });

  test("is not known where its namespace cannot be read", async () => {
    const judgement = await proved(probe, { ...here, links: {} }, there);
    expect(judgement).toMatchObject({ outcome: "inconclusive" });
    expect(judgement.evidence).toContain(`/proc/self/ns/${kind} cannot be read (ENOENT)`);
  });
});

describe("host-processes", () => {
  const seen: Seen = { processes: { "/proc": [1], "/data": [1, 2, 3], "/own": [1] } };
  const links = { ...namespace("pid", 2), "/proc/self": "7" };
  const there: Seen = { ...seen, links: { ...namespace("pid", 1), "/proc/self": "900" } };
  const at = (point: string, root = "/") => `9 1 0:9 ${root} ${point} rw - proc proc rw\n`;

  test("is not held where another procfs gives it another number", async () => {
    const other = { ...seen, mounts: at("/data"), links: { ...links, "/data/self": "4242" } };
    expect(await proved(hostProcesses, other, there)).toMatchObject({
      ...{ outcome: "notHeld", evidence: "at /data it sees 3 processes of a namespace above its own" },
    });
  });

  test("is held where that one is its own, below its own, or a folder of one", async () => {
    const own = { ...seen, mounts: at("/own"), links: { ...links, "/own/self": "7" } };
    const below = { ...seen, mounts: at("/data"), links };
    const folder = { ...seen, mounts: at("/data", "/sys"), links: { ...links, "/data/self": "4242" } };
    for (const each of [own, below, folder])
      expect(await proved(hostProcesses, each, there)).toMatchObject({ outcome: "held" });
  });
});

test("host-name is not held where it has the host's name in a namespace of its own", async () => {
  const here = { links: namespace("uts", 2), name: "prod" };
  expect(await proved(hostName, here, { links: namespace("uts", 1), name: "prod" })).toMatchObject({
    ...{ outcome: "notHeld", evidence: "in uts:[2] it has the name prod, as the host has" },
  });
});

describe("uid-map", () => {
  const map = (text: string) => ({ files: { "/proc/self/uid_map": text } });
  const host = map("0 0 4294967295\n");

  test("is held where root is another user of the host", async () => {
    const judgement = await proved(uidMap, map("0 100000 65536\n"), host);
    expect(judgement).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain("is uid 100000 of the host");
    expect((await proved(uidMap, map("0 1000 1\n"), map("0 1000 1\n"))).evidence).toContain(
      "the whole Engine runs in a user namespace",
    );
  });

  test("is not held where it is root, and not known without a looser container", async () => {
    expect(await proved(uidMap, host, host)).toMatchObject({ outcome: "notHeld" });
    expect(await proved(uidMap, map("0 100000 65536\n"))).toMatchObject({ outcome: "inconclusive" });
  });
});

describe("users", () => {
  test("running as root is not held, as another it is where --user 0 gives root", async () => {
    expect(await proved(runAsRoot, { uid: 0 })).toMatchObject({ outcome: "notHeld" });
    const other = await proved(runAsRoot, { uid: 1000 }, { uid: 0 });
    expect(other, other.evidence).toMatchObject({ outcome: "held" });
    expect(await proved(runAsRoot, { uid: 1000 }, { uid: 1000 })).toMatchObject({ outcome: "inconclusive" });
  });

  test("what dropped root has no way back only without CAP_SETUID and with no-new-privileges", async () => {
    const dropped: RunningProcess = { name: "app", uids: [33, 33], noNewPrivileges: true, maySetuid: false };
    const judged = async (...processes: readonly Partial<RunningProcess>[]) => {
      const running = { mounts: [], processes: processes.map((each) => ({ ...dropped, ...each })) };
      return await proved(runAsRoot, { uid: 0 }, undefined, { facts: { ...plainFacts, running } });
    };
    expect(await judged({})).toMatchObject({ outcome: "held", by: [] });
    expect((await judged({}, { uids: [34] })).evidence).toContain("uid 33, 34");
    for (const each of [{ noNewPrivileges: false }, { maySetuid: true }, { uids: [33, 0] }])
      expect(await judged({}, each)).toMatchObject({ outcome: "notHeld" });
  });

  test("a twin that is root is judged by itself, not by what runs in the container", async () => {
    const processes: readonly RunningProcess[] = [
      { name: "app", uids: [1000], noNewPrivileges: true, maySetuid: false },
    ];
    const facts = { ...plainFacts, running: { mounts: [], processes } };
    const looser = async () => ok(fakeTarget(kernelOf({ uid: 0 }), { role: "looser", facts }));
    const tried = await runAsRoot.prove(fakeTarget(kernelOf({ uid: 1000 }), { facts }), looser);
    expect(tried.judgement).toMatchObject({ outcome: "held" });
    expect(await tried.again(fakeTarget(kernelOf({ uid: 0 }), { facts }))).toMatchObject({
      outcome: "notHeld",
    });
  });

  test("a setuid program is held to the user that starts it", async () => {
    const setuid = (uid: number): Partial<ProbeTarget> => {
      const { run } = fakeTarget(kernelOf({ uid }));
      return { runSetuid: async (_, plan) => await run(plan) };
    };
    const proveIt = async (here: number, there: number) => {
      const looser = async () => ok(fakeTarget(kernelOf({}), { role: "looser", ...setuid(there) }));
      return (await setuidBinary.prove(fakeTarget(kernelOf({}), setuid(here)), looser)).judgement;
    };
    expect(await proveIt(0, 0)).toMatchObject({ outcome: "notHeld" });
    expect(await proveIt(65_534, 0)).toMatchObject({ outcome: "held" });
    expect(await proveIt(65_534, 65_534)).toMatchObject({ outcome: "inconclusive" });
  });
});
