import type { Engine } from "../../model/engine.ts";
import { setItems, valueOr } from "../../model/fact.ts";

/** What an engine makes of a container's writable layer. */
export type LayerQuota =
  | { readonly can: "unlimited"; readonly reason: string }
  | { readonly can: "limit"; readonly byDefault: string | undefined }
  | { readonly can: "unknown"; readonly reason: string };

/** Options of dockerd that limit every container's layer (docker docs: dockerd, storage driver options). */
const defaultOptions = ["overlay2.size", "dm.basesize", "size"];

/** Drivers that can always limit a layer. overlay2 can on xfs with project quotas only. */
const limiting = ["btrfs", "zfs", "devicemapper", "windowsfilter"];

/**
 * Whether the engine's storage driver can limit a layer on its file system, and whether it does so by itself
 * (https://docs.docker.com/reference/cli/docker/container/create/#storage-opt).
 */
export function layerQuota(engine: Engine | undefined): LayerQuota {
  if (!engine)
    return { can: "unknown", reason: "no size is set, and the engine's storage driver is not known here" };
  const option = setItems(engine.storageOptions).find(
    ({ value }) => defaultOptions.includes(value.name) && !isNoSize(value.value),
  );
  if (option) return { can: "limit", byDefault: `${option.value.name}=${option.value.value}` };
  const driver = valueOr(engine.storageDriver, "");
  const files = valueOr(engine.backingFilesystem, "");
  const supported = engine.storageQuotaSupported;
  if (supported.state === "set") {
    return supported.value
      ? { can: "limit", byDefault: undefined }
      : { can: "unlimited", reason: why(driver, files) };
  }
  if (limiting.includes(driver)) return { can: "limit", byDefault: undefined };
  if (driver !== "" && (driver !== "overlay2" || (files !== "" && files !== "xfs"))) {
    return { can: "unlimited", reason: why(driver, files) };
  }
  return { can: "unknown", reason: "whether the engine's storage driver supports quotas is not known here" };
}

/** `0`, `0G`: no limit. */
export function isNoSize(size: string): boolean {
  return /^0*[a-z]*$/i.test(size.trim());
}

function why(driver: string, files: string): string {
  const what = [driver || "this storage driver", files && `on ${files}`].filter(Boolean).join(" ");
  return `${what} cannot limit a container's writable layer`;
}
