import { isRecord, itemsOf, type JsonObject, textAt } from "../../base/json.ts";
import { dangerousCapabilities } from "../../controls/capabilities/dangerous.ts";
import { engineSocket } from "./archive.ts";
import type { TwinRequest } from "./bodies.ts";

/** Takes one control away from a twin, and nothing else. `socket` is the Engine's on its host. */
type Loosening = (twin: TwinRequest, socket: string) => TwinRequest;

const withConfig = (change: (hostConfig: JsonObject) => JsonObject): Loosening => {
  return (twin) => ({ ...twin, hostConfig: { ...twin.hostConfig, ...change(twin.hostConfig) } });
};

/** `dangerous` without ALL, which is no capability. */
const dangerous = [...dangerousCapabilities.keys()].filter((name) => name !== "ALL");

/**
 * What a twin is like that lacks only this control. What a control forbids is given back as Docker would give it: the
 * default capabilities, a profile that allows everything, the host's namespace.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerCreate
 */
const loosenings: Readonly<Record<string, Loosening>> = {
  "read-only-rootfs": withConfig(() => ({ ReadonlyRootfs: false })),
  "read-only-volume": (twin) => ({ ...twin, freshVolumes: true }),
  "tmpfs-options": withTmpfs((options) => [...options.filter((each) => each !== "noexec"), "exec"]),
  "storage-limit": withTmpfs((options) => options.filter((each) => !each.startsWith("size="))),
  "masked-paths": withConfig(() => ({ MaskedPaths: [], ReadonlyPaths: [] })),
  privileged: withConfig(() => ({ Privileged: true, UsernsMode: "host" })),
  "seccomp-profile": withConfig((config) => ({ SecurityOpt: withOption(config, "seccomp", "=unconfined") })),
  "apparmor-profile": withConfig((config) => ({
    SecurityOpt: withOption(config, "apparmor", "=unconfined"),
  })),
  "no-new-privileges": withConfig((config) => ({
    SecurityOpt: withOption(config, "no-new-privileges", "=false"),
  })),
  "capabilities-drop": withConfig(() => ({ CapDrop: [] })),
  "capabilities-dangerous": withConfig(({ CapAdd, CapDrop }) => ({
    CapAdd: [...new Set([...namesIn(CapAdd), ...dangerous])],
    CapDrop: namesIn(CapDrop).filter((name) => !dangerous.includes(name)),
  })),
  "root-user": (twin) => ({ ...twin, user: "0:0" }),
  "device-access": withConfig(({ Devices }) => ({
    DeviceCgroupRules: ["a *:* rwm"],
    Devices: [
      ...itemsOf(Devices),
      { PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg", CgroupPermissions: "r" },
    ],
  })),
  "docker-socket-mount": (twin, socket) => ({
    ...twin,
    more: [{ Type: "bind", Source: socket, Target: engineSocket, ReadOnly: true }],
  }),
  "host-pid": withConfig(() => ({ PidMode: "host" })),
  "host-network": withConfig(() => ({ NetworkMode: "host" })),
  "host-ipc": withConfig(() => ({ IpcMode: "host" })),
  "host-uts": withConfig(() => ({ UTSMode: "host" })),
  "engine-user-namespaces": withConfig(() => ({ UsernsMode: "host" })),
  "pids-limit": withConfig(() => ({ PidsLimit: -1 })),
  "memory-limit": withConfig(() => ({
    Memory: 0,
    MemorySwap: 0,
    MemoryReservation: 0,
    MemorySwappiness: null,
  })),
  "cpu-limit": withConfig(() => ({ NanoCpus: 0, CpuQuota: 0, CpuPeriod: 0, CpusetCpus: "" })),
  "io-limit": withConfig(() => ({
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
  })),
};

/** Whether a control can be taken from a twin: one of the Engine's own cannot. */
export function canLoosen(control: string): boolean {
  return Object.hasOwn(loosenings, control);
}

/** The twin without these controls. */
export function loosened(twin: TwinRequest, controls: readonly string[], socket: string): TwinRequest {
  return controls.reduce((loose, control) => loosenings[control]?.(loose, socket) ?? loose, twin);
}

/** Capabilities as the Engine takes them, without `CAP_`. */
function namesIn(list: unknown): readonly string[] {
  return itemsOf(list).flatMap((name) =>
    typeof name === "string" ? name.toUpperCase().replace(/^CAP_/, "") : [],
  );
}

function withOption({ SecurityOpt }: JsonObject, name: string, value: string): readonly unknown[] {
  const isIt = (option: unknown) => typeof option === "string" && option.split(/[=:]/)[0] === name;
  return [...itemsOf(SecurityOpt).filter((option) => !isIt(option)), `${name}${value}`];
}

/** Other options for every tmpfs, those of `Mounts` asked for in the way that takes any option. */
function withTmpfs(change: (options: readonly string[]) => readonly string[]): Loosening {
  return withConfig(({ Tmpfs, Mounts }) => {
    const mounts = itemsOf(Mounts).filter(isRecord);
    const asMounts = mounts.flatMap((mount): (readonly [string, readonly string[]])[] => {
      if (mount.Type !== "tmpfs") return [];
      const { SizeBytes, Mode } = isRecord(mount.TmpfsOptions) ? mount.TmpfsOptions : {};
      return [
        [
          textAt(mount, "Target") ?? "",
          [
            ...(typeof SizeBytes === "number" && SizeBytes > 0 ? [`size=${SizeBytes}`] : []),
            ...(typeof Mode === "number" && Mode > 0 ? [`mode=${Mode.toString(8)}`] : []),
          ],
        ],
      ];
    });
    const given = Object.entries(isRecord(Tmpfs) ? Tmpfs : {}).map(
      ([target, options]): readonly [string, readonly string[]] => [
        target,
        typeof options === "string" ? options.split(",").filter(Boolean) : [],
      ],
    );
    return {
      Mounts: mounts.filter(({ Type }) => Type !== "tmpfs"),
      Tmpfs: Object.fromEntries(
        [...asMounts, ...given].map(([target, options]) => [target, change(options).join(",")]),
      ),
    };
  });
}
