/** A device by its numbers. */
export interface DeviceNumbers {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
}

/** `b 8:0`, as a rule of the device cgroup begins. */
export function spellNode({ type, major, minor }: DeviceNumbers): string {
  return `${type} ${major}:${minor}`;
}

/** Splits a dev_t as glibc's major() and minor() do (makedev(3)). */
export function deviceNumbers(device: number): Pick<DeviceNumbers, "major" | "minor"> {
  const high = Math.floor(device / 2 ** 32);
  const low = device >>> 0;
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
}
