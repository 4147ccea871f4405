import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { isOfProof, openProofRegister } from "./proof-register.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("the register of proofs", () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), "bulkhead-register-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  it("knows a container by its name until its id is known, and then by both", () => {
    const at = folder();
    const register = openProofRegister(at);
    const name = "bulkhead-prove-1";
    expect(isOfProof({ name, id: "a" }, at)).toBe(false);
    register.name(name);
    expect(isOfProof({ name, id: "a" }, at)).toBe(true);
    register.id(name, "a");
    expect(isOfProof({ name, id: "a" }, at)).toBe(true);
    // Somebody else took the name when the first one was gone.
    expect(isOfProof({ name, id: "b" }, at)).toBe(false);
    expect(isOfProof({ name: "bulkhead-prove-2", id: "a" }, at)).toBe(false);
    register.close();
    expect(isOfProof({ name, id: "a" }, at)).toBe(false);
    expect(readdirSync(at)).toEqual([]);
  });

  it("believes nothing that others than root could have written", () => {
    const at = folder();
    writeFileSync(join(at, "forged"), "owner\nbulkhead-prove-1\n", { mode: 0o666 });
    chmodSync(join(at, "forged"), 0o666);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(false);
    chmodSync(join(at, "forged"), 0o600);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(true);
    chmodSync(at, 0o777);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(false);
  });
});
