import type { TmpfsOptions } from "../../model/mount.ts";
import { parseBytes } from "./bytes.ts";

/**
 * The options of `--tmpfs /path:OPTIONS` (comma-separated, as mount(8) takes them). Docker puts
 * `noexec,nosuid,nodev` in front, so only an explicit opposite turns one back on. A size in per cent of the
 * memory is no fixed size: undefined.
 */
export function parseTmpfsOptions(options: string): TmpfsOptions {
  let parsed: TmpfsOptions = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };
  for (const option of options.split(",").map((part) => part.trim())) {
    const flag = /^(no)?(exec|suid|dev)$/.exec(option);
    if (flag) parsed = { ...parsed, [flag[2] ?? ""]: flag[1] === undefined };
    else if (option === "defaults") parsed = { ...parsed, exec: true, suid: true, dev: true };
    else if (option.startsWith("size=")) parsed = { ...parsed, size: positive(parseBytes(option.slice(5))) };
    else if (option.startsWith("mode=")) parsed = { ...parsed, mode: octal(option.slice(5)) };
    else if (/^[ug]id=\d+$/.test(option))
      parsed = { ...parsed, [option.slice(0, 3)]: Number(option.slice(4)) };
  }
  return parsed;
}

function positive(size: number | undefined): number | undefined {
  return size !== undefined && size > 0 ? size : undefined;
}

function octal(text: string): number | undefined {
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
