import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failed, ok, type Result } from "../../base/result.ts";
import { inspectArchive } from "./inspect.ts";
import { rewriteTar } from "./rewrite.ts";

let folder = "";
const long = `${"d".repeat(90)}/${"f".repeat(90)}`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-archive-"));
  mkdirSync(join(folder, "context", long.split("/")[0] ?? ""), { recursive: true });
  mkdirSync(join(folder, "context/docker"));
  writeFileSync(join(folder, "context/Dockerfile"), "FROM scratch\n");
  writeFileSync(join(folder, "context/docker/other"), "FROM other\n");
  writeFileSync(join(folder, "context", long), "long\n");
  writeFileSync(join(folder, "context/größe"), Buffer.alloc(100_000, "x"));
  writeFileSync(join(folder, "context/run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("run.sh", join(folder, "context/link"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tar(...args: readonly string[]): Buffer {
  return execFileSync("tar", ["-C", join(folder, "context"), "-c", ...args], { maxBuffer: 64 * 1024 ** 2 });
}

/** What came out, and the text that was judged; in pieces of this many bytes. */
function rewrite(
  archive: Buffer,
  wanted: readonly string[] = ["Dockerfile", "dockerfile"],
  piece = 777,
  verdict: Result<void> = ok(undefined),
) {
  let judged: string | undefined | null = null;
  const rewriter = rewriteTar({
    wanted,
    judge(text) {
      judged = text;
      return verdict;
    },
  });
  const out: Buffer[] = [];
  for (let at = 0; at < archive.length; at += piece) {
    const fed = rewriter.feed(archive.subarray(at, at + piece));
    if (!fed.ok) return { judged, reason: fed.reason };
    out.push(...fed.value.map((chunk) => Buffer.from(chunk)));
  }
  const ended = rewriter.end();
  if (!ended.ok) return { judged, reason: ended.reason };
  return { judged, bytes: Buffer.concat([...out, ...ended.value]) };
}

function listed(archive: Buffer): readonly string[] {
  const text = execFileSync("tar", ["-tvf", "-", "--full-time"], { input: archive }).toString();
  return text.split("\n").filter((line) => line !== "");
}

describe("an archive that is written anew", () => {
  test.each(["posix", "gnu", "pax", "oldgnu"])("has the same entries, in the form %s", (format) => {
    const archive = tar(`--format=${format}`, "--owner=7", "--group=8", ".");
    const made = rewrite(archive);
    expect(made.judged).toBe("FROM scratch\n");
    const before = listed(archive);
    const after = listed(made.bytes ?? Buffer.alloc(0));
    const last = before.find((line) => line.endsWith(" ./Dockerfile"));
    expect(after).toEqual([...before, last]);
    const extracted = join(folder, `extracted-${format}`);
    mkdirSync(extracted);
    execFileSync("tar", ["-C", extracted, "-xf", "-"], { input: made.bytes });
    for (const name of ["Dockerfile", "größe", long, "run.sh"])
      expect(readFileSync(join(extracted, name))).toEqual(readFileSync(join(folder, "context", name)));
  });

  test("whatever the pieces are in which it comes", () => {
    const archive = tar("--format=pax", "-b1", "Dockerfile", "link", long);
    const whole = rewrite(archive, ["Dockerfile"], archive.length).bytes ?? Buffer.alloc(0);
    expect(whole.length).toBeGreaterThan(3_000);
    for (const piece of [1, 511, 512, 513, 4096])
      expect(rewrite(archive, ["Dockerfile"], piece).bytes?.equals(whole)).toBe(true);
  });

  test("ends with the file that was judged, so that no link or later entry takes its place", () => {
    const evil = tar("--transform=s,docker/other,Dockerfile,", "Dockerfile", "docker/other");
    const made = rewrite(evil);
    expect(made.judged).toBe("FROM other\n");
    // Through a link to its own folder, the evil file would be where the other is.
    const through = Buffer.concat([
      tar("Dockerfile").subarray(0, 1024),
      tar("--transform=s,link,x,", "--transform=flags=s;s,run.sh,.,", "link").subarray(0, 512),
      tar("--transform=s,docker/other,x/Dockerfile,", "docker/other"),
    ]);
    const linked = rewrite(through);
    expect(linked.judged).toBe("FROM scratch\n");
    const extracted = mkdtempSync(join(folder, "through-"));
    execFileSync("tar", ["-C", extracted, "--keep-directory-symlink", "-xf", "-"], { input: linked.bytes });
    expect(readFileSync(join(extracted, "Dockerfile"), "utf8")).toBe("FROM scratch\n");
  });

  test("ends with the file that counts first, where only the other one was seen", () => {
    // To the Engine this is ./Dockerfile, which counts before ./dockerfile.
    const hidden = [
      "--transform=s,^Dockerfile$,dockerfile,",
      "--transform=s,^docker/other$,x/../Dockerfile,",
    ];
    const made = rewrite(tar(...hidden, "--absolute-names", "Dockerfile", "docker/other"));
    expect(made.judged).toBe("FROM scratch\n");
    expect(listed(made.bytes ?? Buffer.alloc(0)).at(-1)).toMatch(/ Dockerfile$/);
  });

  test("by the name that is asked for", () => {
    expect(rewrite(tar("."), ["docker/other"]).judged).toBe("FROM other\n");
    expect(rewrite(tar("."), ["nowhere"]).judged).toBeUndefined();
    expect(rewrite(tar("--transform=s,Dockerfile,dockerfile,", ".")).judged).toBe("FROM scratch\n");
  });

  test.each([
    [
      "a Dockerfile that is a link",
      () => tar("--transform=s,link,Dockerfile,", "link"),
      "is not a plain file",
    ],
    ["an end in the middle", () => tar(".").subarray(0, 1300), "in the middle of an entry"],
    ["no archive", () => Buffer.alloc(2048, "FROM scratch\n"), "checksum"],
    ["a checksum that is wrong", () => Buffer.from(tar("Dockerfile").fill("1", 100, 101)), "checksum"],
    [
      "a file with holes",
      () => {
        writeFileSync(join(folder, "context/holes"), "");
        truncateSync(join(folder, "context/holes"), 1024 ** 2);
        const made = tar("--sparse", "--format=gnu", "holes");
        rmSync(join(folder, "context/holes"));
        return made;
      },
      "of a type that the guard does not know",
    ],
    [
      "a size in another notation",
      () => {
        const made = Buffer.from(tar("Dockerfile"));
        made.fill(0, 124, 136);
        made[124] = 0x80;
        made[135] = 13;
        let sum = 0;
        made.fill(" ", 148, 156);
        for (let at = 0; at < 512; at += 1) sum += made[at] ?? 0;
        made.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
        return made;
      },
      "octal digits",
    ],
  ])("not %s", (_, archive, reason) => {
    expect(rewrite(archive()).reason).toContain(reason);
  });

  test("has no end where what it wants is refused", () => {
    expect(rewrite(tar("."), ["Dockerfile"], 777, failed("no"))).toEqual({
      judged: "FROM scratch\n",
      reason: "no",
    });
  });
});

describe("an archive that is compressed", () => {
  function inspect(archive: Buffer, piece = 1000) {
    return new Promise<{
      readonly judged?: string | undefined;
      readonly bytes?: Buffer;
      readonly reason?: string;
    }>((resolve) => {
      let judged: string | undefined;
      const out: Buffer[] = [];
      const inspector = inspectArchive(
        {
          wanted: ["Dockerfile"],
          judge(text) {
            judged = text;
            return ok(undefined);
          },
        },
        {
          data: (chunk) => out.push(Buffer.from(chunk)),
          drain: () => undefined,
          end: () => resolve({ judged, bytes: Buffer.concat(out) }),
          refused: (reason) => resolve({ reason }),
        },
      );
      for (let at = 0; at < archive.length; at += piece) inspector.write(archive.subarray(at, at + piece));
      inspector.end();
    });
  }

  test("by gzip, or not at all", async () => {
    const plain = tar(".");
    for (const archive of [plain, gzipSync(plain)]) {
      const { judged, bytes } = await inspect(archive);
      expect(judged).toBe("FROM scratch\n");
      expect(bytes?.equals(rewrite(plain, ["Dockerfile"]).bytes ?? Buffer.alloc(0))).toBe(true);
    }
    expect(await inspect(gzipSync(plain), 1)).toMatchObject({ judged: "FROM scratch\n" });
  });

  test("not by what the guard does not read, nor in part", async () => {
    for (const flag of ["--bzip2", "--xz"])
      expect((await inspect(tar(flag, "."))).reason).toMatch(/compressed by (bzip2|xz)/);
    expect((await inspect(gzipSync(tar(".")).subarray(0, 200))).reason).toBe("it is not a whole gzip");
    expect((await inspect(Buffer.alloc(0))).judged).toBeUndefined();
  });
});
