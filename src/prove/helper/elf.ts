// Made by scripts/prove-helper.ts out of the assembly beside it; a test assembles it again and compares.

/** aarch64.s, assembled. */
export const aarch64 =
  "4ANA+R8EAPHICwBUFACi0uADFKoBCKDSYgCA0iMGgNIEAICSBQCA0sgbgNIBAADUHwAU66EKAFT1AxSqFgGA0jcAAJSWAkD5AAig" +
  "0t8CAOvICQBU3yIA8YkJAFTWIgDRlSIAkS4AAJSTQgCRaAJA+R8FALGgAwBUdx5A+WAGQPlXAAA2AABA+WEKQPlXAAg2IQBA+WIO" +
  "QPlXABA2QgBA+WMSQPlXABg2YwBA+WQWQPlXACA2hABA+WUaQPlXACg2pQBA+QEAANRXADA2YAAAtGAiAPl3ADg2cxpA+eT//xdz" +
  "IgGR4v//F/UDFKqWAkD5Vvr/tAgIgNIgAIDS4QMVquIDFqoBAADUHwAA8a0DAFS1AgCL1gIAy/b//xcWAwC0/4MA0YAHgNLg/wCp" +
  "IADA0uADAPkoCYDS4AMAkSEAgNLiIwCRAwCA0gEAANT/gwCRgAEAtOgHgNIAAIDS4QMVquIDFqoBAADUHwAA8a0AAFS1AgCL1gIA" +
  "y+n//xfAA1/WAACA0gIAABRgAIDSyAuA0gEAANQ=";

/** x86_64.s, assembled. */
export const x86_64 =
  "SIM8JAEPh6QBAAC4CQAAAL8AAAAQvgAAQAC6AwAAAEG6MQAAAEnHwP////9FMckPBUg9AAAAEA+FdgEAAEG8AAAAEEG9CAAAAOgU" +
  "AQAATIssJQAAABBJgf0AAEAAD4dQAQAASYPtCA+GRgEAAEG8CAAAEOjqAAAAuxAAABBIiwNIg/j/D4SiAAAASItrOEiLewhA9sUB" +
  "dANIiz9Ii3MQQPbFAnQDSIs2SItTGED2xQR0A0iLEkyLUyBA9sUIdANNixJMi0MoQPbFEHQDTYsATItLMED2xSB0A02LCffFAAEA" +
  "AHUgDwVA9sVAdAVIhcB0CkiJQ0BA9sWAdChIi1sw6Xn///9JidxJie2J+4nxRInWRInHRInNzYBMieNMie1ImOvDSIPDSOlR////" +
  "QbwAAAAQTIssJQAAABBNhe0PhPr+//+4AQAAAL8BAAAATInmTInqDwVIhcB+VUkBxEkpxevYTYXtdEdqAGo8uAEAAABIweAgULgP" +
  "AQAASInnvgEAAABIjVQkCEUx0g8FSIPEGEiFwHQaMcAx/0yJ5kyJ6g8FSIXAfglJAcRJKcXrtMMx/+sFvwMAAAC45wAAAA8F";

/** The architectures that the helper speaks, as the kernel and the Engine's `/info` name them. */
export type Architecture = "x86_64" | "aarch64";

const machines = { x86_64: 62, aarch64: 183 } as const satisfies Record<Architecture, number>;
const codes = { x86_64, aarch64 } as const satisfies Record<Architecture, string>;

/** The architecture of an Engine, as far as the helper has code for it. */
export function architectureOf(name: string | undefined): Architecture | undefined {
  if (name === "x86_64" || name === "amd64") return "x86_64";
  return name === "aarch64" || name === "arm64" ? "aarch64" : undefined;
}

const base = 0x400000n;
const headerSize = 64;
const segmentSize = 56;
const entry = headerSize + 2 * segmentSize;

/**
 * The helper as a static program of some 600 bytes: it needs no library, no shell and no interpreter, so it runs in
 * any image of the kernel's architecture, in an empty one, too.
 *
 * @see https://man7.org/linux/man-pages/man5/elf.5.html
 */
export function helperProgram(architecture: Architecture): Buffer {
  const code = Buffer.from(codes[architecture], "base64");
  const size = BigInt(entry + code.length);
  const header = Buffer.alloc(entry);
  header.write("\x7fELF\x02\x01\x01", 0, "latin1"); // 64 bits, little-endian, version 1
  header.writeUInt16LE(2, 16); // an executable at fixed addresses
  header.writeUInt16LE(machines[architecture], 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(entry), 24);
  header.writeBigUInt64LE(BigInt(headerSize), 32);
  header.writeUInt16LE(headerSize, 52);
  header.writeUInt16LE(segmentSize, 54);
  header.writeUInt16LE(2, 56);
  // The one segment: all of the file, to be read and executed.
  header.writeUInt32LE(1, headerSize);
  header.writeUInt32LE(5, headerSize + 4);
  header.writeBigUInt64LE(base, headerSize + 16);
  header.writeBigUInt64LE(base, headerSize + 24);
  header.writeBigUInt64LE(size, headerSize + 32);
  header.writeBigUInt64LE(size, headerSize + 40);
  header.writeBigUInt64LE(0x10000n, headerSize + 48);
  // PT_GNU_STACK without execution: SELinux refuses programs that want their stack executable.
  header.writeUInt32LE(0x6474e551, headerSize + segmentSize);
  header.writeUInt32LE(6, headerSize + segmentSize + 4);
  return Buffer.concat([header, code]);
}
