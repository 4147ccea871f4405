import type { EngineClient } from "../engine/client.ts";
import type { CauseKind, RefusalWatch, RefusedCall } from "../trial/compare/cause.ts";
import { isAbout, isHarmful } from "./outcome.ts";
import { sayRefused } from "./report.ts";
import { type Layer, pathOf } from "./setting.ts";
import { askWhy } from "./why.ts";

/** Controls whose steps bring each layer about, the likeliest first. */
export const suspects: Readonly<Record<Layer, readonly string[]>> = {
  seccomp: ["seccomp-profile", "privileged", "capabilities-drop"],
  capability: ["capabilities-drop", "privileged", "root-user"],
  user: ["root-user", "capabilities-drop"],
  "read-only root": ["read-only-rootfs"],
  "read-only mount": ["read-only-volume", "sensitive-host-mount", "volume-options"],
  "kernel path": ["privileged", "host-proc-mount"],
  "memory limit": ["memory-limit", "memory-swap-limit", "capacity"],
  "pids limit": ["pids-limit"],
  "full file system": ["read-only-rootfs", "tmpfs-options", "storage-limit"],
  ulimit: ["engine-ulimits"],
  device: ["device-access", "privileged"],
  noexec: ["tmpfs-options", "read-only-rootfs"],
  AppArmor: ["apparmor-profile", "privileged"],
  SELinux: ["selinux-label", "privileged"],
  unknown: [],
};

const kinds: Partial<Record<Layer, CauseKind>> = {
  "read-only root": "readOnly",
  "read-only mount": "limit",
  "full file system": "limit",
  "memory limit": "limit",
  "pids limit": "limit",
  ulimit: "limit",
};

/** Watches what the Engine's new containers are refused; undefined where the kernel cannot be traced from here. */
export function watchRefusals(reader: EngineClient): RefusalWatch | undefined {
  const asked = askWhy(reader);
  if (!asked.ok) return undefined;
  const why = asked.value;
  why.followEngine();
  return {
    async of(containers) {
      for (const id of containers) await why.made(id);
      return why.take(containers).map((refused): RefusedCall => {
        const { container, refusal, rule, call } = refused;
        return {
          container: container.id,
          reason: (path) => sayRefused({ rule, call: path === undefined ? call : withPath(call, path) }),
          suspects: suspects[rule.layer],
          kind: kinds[rule.layer],
          path: pathOf(refusal),
          capability: rule.layer === "capability" ? refusal.missing.at(-1) : undefined,
          isBeforeEnd: isHarmful(refused),
          isIn: (line) => isAbout(line, refusal),
        };
      });
    },
    close: why.close,
  };
}

function withPath(call: string, path: string): string {
  return call.includes("(") ? call.replace("…", path) : `${call}(${path})`;
}
