import { type Mount, mount } from "../../model/mount.ts";
import { isReadOnly, type MountEntry } from "./mountinfo.ts";

/** A tmpfs of the container's own, from its options (tmpfs(5)): `size=65536k`, `mode=755`, `noexec`. */
export function readTmpfs(entry: MountEntry): Mount {
  return mount({
    type: "tmpfs",
    target: entry.target,
    readOnly: isReadOnly(entry),
    tmpfs: {
      size: parseSize(optionOf(entry.superOptions, "size")),
      mode: parseMode(optionOf(entry.superOptions, "mode")),
      exec: !entry.options.has("noexec"),
      suid: !entry.options.has("nosuid"),
      dev: !entry.options.has("nodev"),
    },
  });
}

function optionOf(options: ReadonlySet<string>, key: string): string | undefined {
  return [...options].find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** Bytes. The kernel prints kibibytes, and nothing where the size is its default, half of the memory. */
export function parseSize(text: string | undefined): number | undefined {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(text ?? "");
  if (!match) return undefined;
  const unit = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? "").toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
}

function parseMode(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
