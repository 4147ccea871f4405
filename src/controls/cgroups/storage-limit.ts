import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { type SetFact, setItems, valueOr } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { undecided } from "../undecided.ts";

/** What an engine makes of a container's writable layer. */
type LayerQuota =
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
function layerQuota(engine: Engine | undefined): LayerQuota {
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
function isNoSize(size: string): boolean {
  return /^0*[a-z]*$/i.test(size.trim());
}

function why(driver: string, files: string): string {
  const what = [driver || "this storage driver", files && `on ${files}`].filter(Boolean).join(" ");
  return `${what} cannot limit a container's writable layer`;
}

export const storageLimit: Control = {
  id: "storage-limit",
  title: "Storage is not limited",
  why: "What a container writes outside of its volumes lands in its writable layer, on the disk that holds all images, containers and the Engine's state: one that writes without end stops them all. --storage-opt size= sets a quota where the storage driver can (overlay2 on xfs with pquota, btrfs, zfs). A tmpfs without a size may take half of the host's memory. A read-only root file system has nothing to limit.",
  row: "2.3",
  severity: "low",
  guard: "harden",
  cis: [],
  attack: ["T1499.001"],
  cwe: [770, 400],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/create/#storage-opt",
    "https://docs.docker.com/engine/storage/tmpfs/#options-for---tmpfs",
    "https://docs.docker.com/reference/compose-file/services/#storage_opt",
    "https://man7.org/linux/man-pages/man5/tmpfs.5.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --read-only --tmpfs /tmp nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    tmpfs:\n      - /run\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --storage-opt size=5G nginx" },
      { syntax: "run", text: "docker run --read-only --tmpfs /tmp:size=64m nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    storage_opt:\n      size: 5G\n    tmpfs:\n      - /run:size=16m\n",
      },
    ],
  },
  check: {
    container(container, context) {
      const layer = judgeLayer(container, context);
      const unsized = tmpfsWithoutSize(container).map(judgeTmpfs);
      // What cannot be limited is said as such, whatever else is.
      if (unsized.length === 0 && layer.verdict === "notApplicable") {
        return undecided(...container.mounts) ?? layer;
      }
      return combine([...unsized, layer, undecided(...container.mounts) ?? layer]);
    },
  },
  remedy: {
    container(container, context) {
      const failing = judgeLayer(container, context).verdict === "fail";
      const unsized = tmpfsWithoutSize(container);
      const targets = unsized.map(({ value }) => value.target).join(", ");
      const layer = failing ? "the writable layer to 5 GB" : "";
      const tmpfs = targets === "" ? "" : `the tmpfs ${targets} to 64 MiB`;
      return {
        kind: "behavioural",
        summary: `Limit ${[layer, tmpfs].filter(Boolean).join(" and ")}; both are starting points.`,
        patches: [...(failing ? layerSize(container) : []), ...unsized.map(withSize)],
        breaks:
          "Writes beyond the limit fail with ENOSPC or EDQUOT: “No space left on device”, “Disk quota exceeded”.",
      };
    },
  },
};

function judgeLayer({ storageOpt, readonlyRootfs, level }: Container, { engine }: Context): Verdict {
  const size = sizeOption(storageOpt);
  if (size && !isNoSize(size.value.value)) return pass(`${size.value.value} at most`);
  if (valueOr(readonlyRootfs, false)) return pass("a read-only root file system");
  const quota = layerQuota(engine);
  if (quota.can === "unlimited") return notApplicable(quota.reason);
  if (level === "effective") return notApplicable("the kernel does not show the quota of a writable layer");
  const open = undecided(...storageOpt);
  if (open) return open;
  if (quota.can === "limit" && quota.byDefault !== undefined && !size) {
    return pass(`${quota.byDefault} by the engine's default`);
  }
  if (quota.can === "unknown" && !size) return unknown(quota.reason);
  return fail("has no quota on its writable layer: it can fill the disk that all containers share", {
    origins: size?.origins ?? [],
    evidence: "layer",
    observed: "no quota",
  });
}

function judgeTmpfs({ value, origins }: SetFact<Mount>): Verdict {
  return fail(`mounts a tmpfs on ${value.target} without a size: it may take half of the host's memory`, {
    origins,
    evidence: value.target,
    observed: `${value.target} without a size`,
  });
}

/** Nobody fills a read-only one. */
function tmpfsWithoutSize({ mounts }: Container): readonly SetFact<Mount>[] {
  return setItems(mounts).filter(
    ({ value }) => value.type === "tmpfs" && !value.readOnly && !value.tmpfs?.size,
  );
}

function sizeOption(storageOpt: Container["storageOpt"]) {
  return setItems(storageOpt).find(({ value }) => value.name === "size");
}

function layerSize({ storageOpt }: Container): readonly ContainerPatch[] {
  const present = sizeOption(storageOpt)?.value;
  const value = { name: "size", value: "5G" };
  return present
    ? [{ op: "replace", field: "storageOpt", value: present, with: value }]
    : [{ op: "add", field: "storageOpt", value }];
}

function withSize({ value }: SetFact<Mount>): ContainerPatch {
  const options = value.tmpfs ?? { mode: undefined, exec: false, suid: false, dev: false };
  const tmpfs = { ...options, size: 64 * 1024 ** 2 };
  return { op: "replace", field: "mounts", value, with: { ...value, tmpfs } };
}
