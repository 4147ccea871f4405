import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ownLabel } from "./owner.ts";
import { isOfProof, openProofRegister, whyProofsAreNotKnown } from "./proof-register.ts";

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

  it("forgets the containers of a proof that was killed, by name and by id", () => {
    const at = folder();
    // As of this process, had it started at another time.
    const killed = ownLabel().replace(/\d+$/, "1");
    const lines = ["bulkhead-prove-1", "bulkhead-prove-2", "bulkhead-prove-2 a"];
    writeFileSync(join(at, "killed"), [killed, ...lines, ""].join("\n"), { mode: 0o600 });
    expect(isOfProof({ name: "bulkhead-prove-1", id: "b" }, at)).toBe(false);
    expect(isOfProof({ name: "bulkhead-prove-2", id: "a" }, at)).toBe(false);
    writeFileSync(join(at, "killed"), [ownLabel(), ...lines, ""].join("\n"), { mode: 0o600 });
    expect(isOfProof({ name: "bulkhead-prove-1", id: "b" }, at)).toBe(true);
    expect(isOfProof({ name: "bulkhead-prove-2", id: "a" }, at)).toBe(true);
    openProofRegister(at).close();
    writeFileSync(join(at, "killed"), [killed, ...lines, ""].join("\n"), { mode: 0o600 });
    openProofRegister(at).close();
    expect(readdirSync(at)).toEqual([]);
  });

  it("writes nothing into a folder that others can write to, nor through a link", () => {
    const at = folder();
    chmodSync(at, 0o777);
    openProofRegister(at).name("bulkhead-prove-1");
    expect(readdirSync(at)).toEqual([]);
    chmodSync(at, 0o700);
    const link = join(folder(), "link");
    symlinkSync(at, link);
    openProofRegister(link).name("bulkhead-prove-1");
    expect(readdirSync(at)).toEqual([]);
  });

  it("is led astray by nothing that lies there: a folder, a pipe, a link, a file in its own place", () => {
    const at = folder();
    mkdirSync(join(at, "a-folder"), { mode: 0o700 });
    execFileSync("mkfifo", ["-m", "600", join(at, "b-pipe")]);
    const elsewhere = join(folder(), "elsewhere");
    writeFileSync(elsewhere, `${ownLabel()}\nbulkhead-prove-9\n`, { mode: 0o600 });
    symlinkSync(elsewhere, join(at, "c-link"));
    const register = openProofRegister(at);
    register.name("bulkhead-prove-1");
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(true);
    expect(isOfProof({ name: "bulkhead-prove-9", id: "a" }, at)).toBe(false);
    register.close();
    expect(readdirSync(at).toSorted()).toEqual(["a-folder", "b-pipe", "c-link"]);
    // A file where the folder should be: the proof goes on, and watch reports its containers.
    const other = openProofRegister(elsewhere);
    other.name("bulkhead-prove-1");
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, elsewhere)).toBe(false);
    other.close();
    expect(readFileSync(elsewhere, "utf8")).toBe(`${ownLabel()}\nbulkhead-prove-9\n`);
  });

  it("is the user's where no root runs it, and others' say nothing there", () => {
    const at = folder();
    writeFileSync(join(at, "another"), `${ownLabel()}\nbulkhead-prove-2\n`, { mode: 0o600 });
    chownSync(join(at, "another"), 1000, 1000);
    chownSync(at, 65_534, 65_534);
    onTestFinished(() => process.seteuid?.(0));
    process.seteuid?.(65_534);
    const register = openProofRegister(at);
    register.name("bulkhead-prove-1");
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(true);
    expect(isOfProof({ name: "bulkhead-prove-2", id: "a" }, at)).toBe(false);
    register.close();
  });

  it("says where proofs cannot be known: others may write the folder, or nobody can", () => {
    const at = folder();
    expect(whyProofsAreNotKnown(join(at, "made"))).toBeUndefined();
    expect(readdirSync(at)).toEqual(["made"]);
    chmodSync(at, 0o777);
    expect(whyProofsAreNotKnown(at)).toContain("others may write");
    writeFileSync(join(at, "file"), "");
    expect(whyProofsAreNotKnown(join(at, "file/in"))).toContain("ENOTDIR");
    onTestFinished(() => process.seteuid?.(0));
    chmodSync(at, 0o700);
    process.seteuid?.(65_534);
    expect(whyProofsAreNotKnown(join(at, "other"))).toContain("EACCES");
  });

  it("believes nothing that others than root could have written", () => {
    const at = folder();
    writeFileSync(join(at, "forged"), `${ownLabel()}\nbulkhead-prove-1\n`, { mode: 0o666 });
    chmodSync(join(at, "forged"), 0o666);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(false);
    chmodSync(join(at, "forged"), 0o600);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(true);
    chmodSync(at, 0o777);
    expect(isOfProof({ name: "bulkhead-prove-1", id: "a" }, at)).toBe(false);
  });
});
