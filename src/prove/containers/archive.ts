import { type Architecture, helperProgram } from "../helper/elf.ts";

/**
 * What is brought into a throw-away container, as a tar archive to be unpacked at the volume: the helper, the same as
 * setuid root, a folder to mount on, and one that everybody may write to.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export function helperArchive(architecture: Architecture): Buffer {
  const program = helperProgram(architecture);
  const inside = (path: string) => path.slice(own.length + 1);
  return Buffer.concat([
    entry(`${inside(work)}/`, 0o1777, undefined),
    entry(`${inside(spare)}/`, 0o755, undefined),
    entry(inside(helper), 0o755, program),
    entry(inside(setuidHelper), 0o4755, program),
    Buffer.alloc(1024),
  ]);
}

/** One file, for a place in the root file system. */
export function fileArchive(name: string, architecture: Architecture): Buffer {
  return Buffer.concat([entry(name, 0o755, helperProgram(architecture)), Buffer.alloc(1024)]);
}

/** A header of 512 bytes and the content, filled up to 512; a folder where there is no content. */
function entry(name: string, mode: number, content: Buffer | undefined): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at);
  header.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  header.write("        ", 148);
  header.write(content ? "0" : "5", 156);
  header.write("ustar\x0000", 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  if (!content) return header;
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** The paths that bulkhead brings into its throw-away containers. */

/** An anonymous volume. */
export const own = "/.bulkhead-prove";
/** The helper, and the same as a program that is setuid root. */
export const helper = `${own}/helper`;
export const setuidHelper = `${own}/setuid-helper`;
/** Where everybody may write. */
export const work = `${own}/work`;
/** A folder to mount on. */
export const spare = `${own}/spare`;
/** In the open container: a tmpfs without a limit, that runs programs. */
export const openTmpfs = "/.bulkhead-tmpfs";
/** In the container on the host's namespaces: the Engine's socket. */
export const engineSocket = "/.bulkhead-engine.sock";
