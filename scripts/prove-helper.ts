// Assembles the helper of `bulkhead prove` into src/prove/helper/elf.ts (binutils, for both architectures):
//
//   tsx scripts/prove-helper.ts
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = "src/prove/helper";
const made = mkdtempSync(join(tmpdir(), "bulkhead-helper-"));

function assembled(architecture: "x86_64" | "aarch64"): string {
  const object = join(made, `${architecture}.o`);
  const code = join(made, `${architecture}.bin`);
  execFileSync(`${architecture}-linux-gnu-as`, [`${folder}/${architecture}.s`, "-o", object]);
  execFileSync(`${architecture}-linux-gnu-objcopy`, ["-O", "binary", "-j", ".text", object, code]);
  return readFileSync(code).toString("base64");
}

function constant(architecture: "x86_64" | "aarch64"): string {
  const lines = assembled(architecture).match(/.{1,100}/g) ?? [];
  return `\n/** ${architecture}.s, assembled. */\nexport const ${architecture} =\n${lines.map((line) => `  "${line}"`).join(" +\n")};\n`;
}

try {
  const file = `${folder}/elf.ts`;
  const written = readFileSync(file, "utf8");
  // What follows the constants is written by hand.
  const rest = written.slice(written.indexOf("\n/** The architectures that the helper speaks"));
  writeFileSync(
    file,
    `// Made by scripts/prove-helper.ts out of the assembly beside it; a test assembles it again and compares.\n${constant("aarch64")}${constant("x86_64")}${rest}`,
  );
} finally {
  rmSync(made, { recursive: true, force: true });
}
