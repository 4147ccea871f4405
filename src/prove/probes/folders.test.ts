import { describe, expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { Before, Facts, Probe } from "../probe.ts";
import {
  type Asked,
  almighty,
  dirents,
  type Entries,
  errno,
  type FakeKernel,
  fakeTarget,
  plainFacts,
  usualMounts,
} from "../testing/fake-kernel.ts";
import { devices } from "./devices.ts";
import { scriptFromTmpfs, writeReadOnlyVolume, writeRoot } from "./files.ts";

const known = { ...almighty, ...usualMounts };
/** Folders with what is in them; a number is the error that opening one meets. */
function folders(inThem: Readonly<Record<string, Entries | number>>, mounts = ""): FakeKernel {
  const opened: string[] = [];
  return {
    files: { ...known, "/proc/self/mountinfo": `${usualMounts["/proc/self/mountinfo"]}${mounts}` },
    answer({ name, text, given }: Asked) {
      if (name === "openat" && text(1) in inThem) {
        const held = inThem[text(1)];
        return typeof held === "number" ? held : 499 + opened.push(text(1));
      }
      const held = inThem[opened[Number(given[0]) - 500] ?? ""];
      if (name !== "getdents64" || typeof held !== "object" || !Buffer.isBuffer(given[1])) return undefined;
      return dirents(held).copy(given[1]);
    },
  };
}

async function proved(
  probe: Probe,
  here: FakeKernel,
  there?: FakeKernel,
  more: Partial<Facts> = {},
): Promise<Before> {
  const facts = { ...plainFacts, ...more };
  const looser = async () => (there ? ok(fakeTarget(there, { role: "looser", facts })) : failed("no"));
  return probe.before?.(facts) ?? (await probe.prove(fakeTarget(here, { facts }), looser)).judgement;
}

describe("devices", () => {
  const usual: Entries = { null: "character", tty: "character", shm: "folder", fd: "file" };
  const privileged = folders({ "/dev": { ...usual, sda: "block" } });

  test.each([
    ["a disk", { sda: "block" }],
    ["a character device", { kmsg: "character" }],
  ] as const)("%s of the host in /dev is not held, and named", async (_, more) => {
    const judgement = await proved(devices, folders({ "/dev": { ...usual, ...more } }));
    expect(judgement).toMatchObject({ outcome: "notHeld", evidence: `/dev holds ${Object.keys(more)[0]}` });
  });

  test("the usual nodes, folders and files are none", async () => {
    expect(await proved(devices, folders({ "/dev": usual }), privileged)).toMatchObject({ outcome: "held" });
    expect(await proved(devices, folders({ "/dev": usual }), folders({ "/dev": usual }))).toMatchObject({
      outcome: "inconclusive",
    });
    expect(await proved(devices, folders({ "/dev": usual }))).toMatchObject({ outcome: "inconclusive" });
  });

  test("a devtmpfs is looked into wherever it is mounted, and not a node that is mounted alone", async () => {
    const elsewhere = "9 1 0:5 / /mnt/dev rw - devtmpfs dev rw\n";
    const judgement = await proved(
      devices,
      folders({ "/dev": usual, "/mnt/dev": { sda: "block" } }, elsewhere),
    );
    expect(judgement).toMatchObject({ outcome: "notHeld", evidence: "/dev holds /mnt/dev/sda" });
    const one = "9 1 0:5 /kvm /dev/kvm rw - devtmpfs dev rw\n10 1 0:5 /null /dev/null rw - devtmpfs dev rw\n";
    const alone = await proved(
      devices,
      folders({ "/dev": usual, "/dev/kvm": errno.ENOTDIR }, one),
      privileged,
    );
    expect(alone, alone.evidence).toMatchObject({ outcome: "held" });
  });

  test("a folder that cannot be listed is not held to be empty", async () => {
    const judgement = await proved(devices, folders({ "/dev": errno.EACCES }), privileged);
    expect(judgement).toMatchObject({ outcome: "inconclusive" });
    expect(judgement.evidence).toContain("/dev cannot be listed (EACCES)");
  });
});

/** statx(2): every path is a folder on device 8:1, but these. */
function status(asked: Asked, others: Readonly<Record<string, number>> = {}): number {
  const bytes = asked.given[4];
  if (!Buffer.isBuffer(bytes)) return errno.ENOENT;
  bytes.writeUInt16LE(0o040755, 28);
  bytes.writeUInt32LE(8, 136);
  bytes.writeUInt32LE(others[asked.text(1)] ?? 1, 140);
  return 0;
}

/** What opening a file in each folder meets; 0: it is made. */
const writing = (met: (path: string) => number, others?: Readonly<Record<string, number>>): FakeKernel => ({
  files: known,
  answer(asked) {
    if (asked.name === "statx") return status(asked, others);
    return asked.name === "openat" && asked.child > 0 ? met(asked.text(1)) : undefined;
  },
});

describe("a root file system", () => {
  const open = writing(() => 7);
  const closed = writing(() => errno.EROFS);

  test("is held where each folder refuses, and a writable one takes a file", async () => {
    expect(await proved(writeRoot, closed, open)).toMatchObject({ outcome: "held" });
    expect(await proved(writeRoot, closed, closed)).toMatchObject({ outcome: "inconclusive" });
  });

  test.each(["/", "/tmp", "/var/tmp", "/run", "/etc", "/home", "/usr"])(
    "is not held where %s takes a file",
    async (path) => {
      const judgement = await proved(
        writeRoot,
        writing((each) => (each === path ? 7 : errno.EROFS)),
        open,
      );
      expect(judgement).toMatchObject({ outcome: "notHeld", evidence: `a new file in ${path} succeeds` });
    },
  );

  test("a volume or tmpfs in it does not count", async () => {
    const judgement = await proved(
      writeRoot,
      writing((path) => (path === "/tmp" ? 7 : errno.EROFS), { "/tmp": 2 }),
      open,
    );
    expect(judgement).toMatchObject({ outcome: "held" });
  });

  test.each([errno.EACCES, errno.EPERM, errno.EOPNOTSUPP])(
    "%d comes only behind a writable mount",
    async (error) => {
      const judgement = await proved(
        writeRoot,
        writing((path) => (path === "/etc" ? error : errno.EROFS)),
        open,
      );
      expect(judgement, judgement.evidence).toMatchObject({ outcome: "notHeld" });
    },
  );
});

describe("a read-only volume", () => {
  const volume = mount({ type: "volume", source: "data", target: "/data", readOnly: true });
  const facts = { view: container("configured", { mounts: [set(volume)] }) };
  const table = (options: string, more = "") =>
    `${usualMounts["/proc/self/mountinfo"]}9 1 8:2 / /data ${options} - ext4 /dev/sdb rw\n${more}`;
  const kernel = (mountinfo: string, met: (path: string) => number): FakeKernel => ({
    ...writing(met),
    files: { ...known, "/proc/self/mountinfo": mountinfo },
  });
  const there = kernel(table("rw"), () => 7);

  test("is held where it refuses, whatever permissions say first", async () => {
    for (const error of [errno.EROFS, errno.EACCES, errno.EPERM]) {
      const judgement = await proved(
        writeReadOnlyVolume,
        kernel(table("ro"), () => error),
        there,
        facts,
      );
      expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    }
  });

  test("is not held where a file is made, or permissions alone refuse", async () => {
    for (const [options, met] of [
      ["ro", 7],
      ["rw", 7],
      ["rw", errno.EACCES],
    ] as const) {
      const judgement = await proved(
        writeReadOnlyVolume,
        kernel(table(options), () => met),
        there,
        facts,
      );
      expect(judgement, judgement.evidence).toMatchObject({ outcome: "notHeld" });
    }
  });

  test("is not held where what is mounted below is writable", async () => {
    const below = table("ro", "10 9 8:3 / /data/sub rw - ext4 /dev/sdc rw\n");
    const judgement = await proved(
      writeReadOnlyVolume,
      kernel(below, (path) => (path === "/data/sub" ? 7 : errno.EROFS)),
      there,
      facts,
    );
    expect(judgement).toMatchObject({ outcome: "notHeld", evidence: "a new file in /data/sub succeeds" });
  });

  test("that is a file is opened for writing", async () => {
    const asked: string[] = [];
    const file: FakeKernel = {
      files: { ...known, "/proc/self/mountinfo": table("ro") },
      answer({ name, text, given, child }) {
        if (name !== "openat" || child === 0) return undefined;
        const isNameless = (Number(given[2]) & 0o20000000) !== 0;
        asked.push(`${text(1)} ${isNameless ? "in it" : "itself"}`);
        return isNameless ? errno.ENOTDIR : errno.EROFS;
      },
    };
    expect(await proved(writeReadOnlyVolume, file, there, facts)).toMatchObject({ outcome: "held" });
    expect(asked).toEqual(["/data in it", "/data itself"]);
  });

  test("is not there where none is mounted so", async () => {
    const writable = mount({ ...volume, readOnly: false });
    for (const mounts of [[], [set(writable)]])
      expect(
        await proved(writeReadOnlyVolume, there, there, { view: container("configured", { mounts }) }),
      ).toMatchObject({ outcome: "notApplicable" });
  });
});

describe("a script in a tmpfs", () => {
  const tmpfs = mount({ type: "tmpfs", source: undefined, target: "/tmp", readOnly: false });
  const facts = { view: container("configured", { mounts: [set(tmpfs)] }) };
  const kernel = (executed: number, written = 7): FakeKernel => ({
    files: known,
    answer: ({ name }) => (name === "execve" ? executed : name === "openat" ? written : undefined),
  });

  test("is held where it does not run, and runs from one with exec", async () => {
    expect(await proved(scriptFromTmpfs, kernel(errno.EACCES), kernel(0), facts)).toMatchObject({
      outcome: "held",
    });
    expect(await proved(scriptFromTmpfs, kernel(0), undefined, facts)).toMatchObject({ outcome: "notHeld" });
  });

  test("shows nothing where it cannot be written", async () => {
    const judgement = await proved(scriptFromTmpfs, kernel(0, errno.EACCES), kernel(0), facts);
    expect(judgement).toMatchObject({ outcome: "inconclusive" });
    expect(judgement.evidence).toContain("it cannot be written (EACCES)");
  });

  test("is not tried where there is none", async () => {
    expect(await proved(scriptFromTmpfs, kernel(0), kernel(0))).toMatchObject({ outcome: "notApplicable" });
  });
});
