import { remembered } from "../remembered.ts";

/** A rule of v1's devices.list: `c 1:3 rwm`, `b *:* m`, `a *:* rwm`. */
export interface DeviceRule {
  readonly type: "a" | "b" | "c";
  /** `*` is every number. */
  readonly major: string;
  readonly minor: string;
  /** Letters of `rwm`. */
  readonly access: string;
}

/** Parses devices.list. Takes any text; a line that is not of its shape is left out. */
export const parseDeviceRules = remembered((text): readonly DeviceRule[] =>
  text.split("\n").flatMap((line) => {
    const match = /^([abc]) (\*|\d+):(\*|\d+) ([rwm]+)$/.exec(line.trim());
    if (!match) return [];
    const [, type = "", major = "", minor = "", access = ""] = match;
    return type === "a" || type === "b" || type === "c" ? { type, major, minor, access } : [];
  }),
);

/** Every device with every access: what `--privileged` makes. */
export function allowsEveryDevice(rules: readonly DeviceRule[]): boolean {
  return rules.some(
    ({ type, major, minor, access }) =>
      type === "a" && major === "*" && minor === "*" && /r.*w|w.*r/.test(access),
  );
}

/**
 * What runc allows everybody: making any node, and null, zero, full, random, urandom, tty, console, ptmx, pts
 * and tun.
 */
const usual = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "10:200", "136:*"]);

export function isUsualRule({ type, major, minor, access }: DeviceRule): boolean {
  if (access === "m") return true;
  return type === "c" && usual.has(`${major}:${minor}`);
}

/** The letters that the rules allow for a device; "" is none. */
export function allowedAccess(
  rules: readonly DeviceRule[],
  device: { readonly type: "b" | "c"; readonly major: number; readonly minor: number },
): string {
  const letters = rules
    .filter(
      ({ type, major, minor }) =>
        (type === "a" || type === device.type) &&
        (major === "*" || Number(major) === device.major) &&
        (minor === "*" || Number(minor) === device.minor),
    )
    .map(({ access }) => access)
    .join("");
  return [..."rwm"].filter((letter) => letters.includes(letter)).join("");
}

export function spellRule({ type, major, minor, access }: DeviceRule): string {
  return `${type} ${major}:${minor} ${access}`;
}
