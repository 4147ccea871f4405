import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aarch64, architectureOf, helperProgram, x86_64 } from "./elf.ts";
import { type Plan, program } from "./program.ts";

const codes = { aarch64, x86_64 } as const;
const folder = mkdtempSync(join(tmpdir(), "bulkhead-helper-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function has(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}

describe("the helper's code", () => {
  for (const architecture of ["aarch64", "x86_64"] as const) {
    const assembler = `${architecture}-linux-gnu-as`;
    it.skipIf(!has(assembler))(`is what ${architecture}.s assembles to`, () => {
      const object = join(folder, `${architecture}.o`);
      const code = join(folder, `${architecture}.bin`);
      execFileSync(assembler, [`src/prove/helper/${architecture}.s`, "-o", object]);
      execFileSync(`${architecture}-linux-gnu-objcopy`, ["-O", "binary", "-j", ".text", object, code]);
      expect(readFileSync(code).toString("base64")).toBe(codes[architecture]);
    });
  }

  it("is a static program of less than a kilobyte, for the architectures as the Engine names them", () => {
    for (const architecture of ["aarch64", "x86_64"] as const) {
      const bytes = helperProgram(architecture);
      expect(bytes.length).toBeLessThan(1024);
      expect(bytes.toString("latin1", 1, 4)).toBe("ELF");
      // Nothing to load beside it: its two segments are itself and its stack's permissions.
      expect([bytes.readUInt32LE(64), bytes.readUInt32LE(120)]).toEqual([1, 0x6474e551]);
    }
    expect(["amd64", "arm64", "x86_64", "s390x", undefined].map(architectureOf)).toEqual([
      ...["x86_64", "aarch64", "x86_64"],
      ...[undefined, undefined],
    ]);
  });
});

const runners = {
  x86_64: process.arch === "x64" ? [] : undefined,
  aarch64: process.arch === "arm64" ? [] : has("qemu-aarch64") ? ["qemu-aarch64"] : undefined,
} as const;

for (const architecture of ["x86_64", "aarch64"] as const) {
  const runner = process.platform === "linux" ? runners[architecture] : undefined;
  describe.skipIf(runner === undefined)(`the helper on ${architecture}`, () => {
    const path = join(folder, `helper-${architecture}`);
    beforeAll(() => writeFileSync(path, helperProgram(architecture), { mode: 0o755 }));
    const [command = path, ...before] = [...(runner ?? []), path];

    function run<T>(plan: Plan<T>): T {
      const made = program(plan);
      const ran = spawnSync(command, before, { input: made.encode(architecture), timeout: 20_000 });
      expect(ran.status).toBe(0);
      return made.read(ran.stdout);
    }

    it("makes system calls with the results of earlier ones, and gives memory back", () => {
      const text = run((builder) => {
        const file = builder.call("openat", -100, builder.text("/proc/self/comm"), 0, 0);
        const memory = builder.space(64);
        const length = builder.call("read", file, memory, 64);
        const closed = builder.call("close", file);
        const again = builder.call("close", file);
        return (ran) => ({
          text: ran.data(memory).toString("utf8", 0, ran.result(length)),
          closed: [ran.result(closed), ran.result(again)],
        });
      });
      expect(text.text.length).toBeGreaterThan(1);
      expect(text.closed).toEqual([0, -9]);
    });

    it("starts children, whose results come back, too, and of which none is made after one that kills it", () => {
      const seen = run((builder) => {
        const status = builder.space(8);
        let inside = builder.call("getpid");
        let after = inside;
        const timer = builder.words(0, 0, 0, 20_000);
        const child = builder.child(() => {
          inside = builder.call("getpid");
          builder.call("setitimer", 0, timer, 0);
          builder.call("nanosleep", builder.words(10, 0), 0);
          after = builder.call("getpid");
        });
        builder.call("wait4", child, status, 0, 0);
        return (ran) => ({
          isSame: ran.result(child) === ran.result(inside),
          after: ran.result(after),
          signal: ran.data(status).readInt32LE(0) & 0x7f,
        });
      });
      // SIGALRM
      expect(seen).toEqual({ isSame: true, after: undefined, signal: 14 });
    });

    it("starts children by clone3, and makes the calls of its architecture alone", () => {
      const started = program((builder) => {
        const child = builder.childBy("clone3", [builder.words(0, 0, 0, 0, 17, 0, 0, 0), 64], () => {});
        const waited = builder.call("wait4", child, 0, 0, 0);
        return (ran) => [ran.result(child), ran.result(waited)];
      });
      expect(started.existsOn(architecture)).toBe(true);
      const ran = spawnSync(command, before, { input: started.encode(architecture), timeout: 20_000 });
      const [child = 0, waited] = started.read(ran.stdout);
      // An emulator may have no clone3.
      if (child !== -38) expect([child > 0, waited]).toEqual([true, child]);
      const only = (name: "chown" | "socketcall", abi: "native" | "i386" | "x32") =>
        program((builder) => {
          builder.by(abi).call(name, 0, 0);
          return () => undefined;
        });
      expect(only("chown", "native").existsOn(architecture)).toBe(architecture === "x86_64");
      expect(only("chown", "x32").existsOn(architecture)).toBe(architecture === "x86_64");
      expect(only("socketcall", "i386").existsOn(architecture)).toBe(architecture === "x86_64");
      expect(only("socketcall", "native").existsOn(architecture)).toBe(false);
      expect(() => only("socketcall", "native").encode(architecture)).toThrow(/has no socketcall/);
    });

    it.skipIf(architecture === "aarch64")("makes 32-bit calls, and goes on after them", () => {
      const seen = run((builder) => {
        const native = builder.call("getpid");
        const narrow = builder.by("i386").call("getpid");
        const file = builder.by("i386").call("openat", -100, builder.text("/proc/self/no-such"), 0, 0);
        const child = builder.by("i386").childBy("clone", [17, 0, 0, 0, 0], () => {});
        const waited = builder.call("wait4", child, 0, 0, 0);
        return (ran) => [native, narrow, file, child, waited].map((call) => ran.result(call));
      });
      const [native, narrow, file, child, waited] = seen;
      expect(narrow).toBe(native);
      expect(file).toBe(-2);
      expect(child).toBeGreaterThan(0);
      expect(waited).toBe(child);
    });

    it("ends with its input, and at once where it is a script's interpreter", async () => {
      expect(spawnSync(command, [...before, "script"], { timeout: 20_000 }).status).toBe(0);
      const child = spawn(command, before, { stdio: ["pipe", "ignore", "ignore"] });
      const status = new Promise((resolve) => child.once("exit", resolve));
      child.stdin?.end();
      expect(await status).toBe(0);
    });

    it("refuses what is no program", () => {
      for (const length of [0n, 4n, 0x500000n]) {
        const input = Buffer.alloc(16);
        input.writeBigUInt64LE(length);
        expect(spawnSync(command, before, { input, timeout: 20_000 }).status).toBe(3);
      }
    });
  });
}
