import type { NameValue } from "../../model/container-values.ts";
import type { Engine } from "../../model/engine.ts";
import { firstOpen, setItems, valueOr } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import { fail, notApplicable, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { dockerOnly } from "./docker-only.ts";

/** dockerd's storage options that set a size for every container's writable layer, by driver. */
const sizeOptions = ["overlay2.size", "size", "windowsfilter.size", "dm.basesize"];

/** Drivers whose quota is given container by container only (`--storage-opt size=`). */
const perContainer = ["btrfs", "zfs"];

export const engineStorageLimit: Control = {
  id: "engine-storage-limit",
  title: "Containers may fill the disk with their own layer",
  why: "Every container writes to the same file system as the engine and often as the host: one runaway log, cache or upload fills it and stops them all, databases first. Where the driver can (overlay2 on xfs mounted with pquota), `overlay2.size` gives every container a quota. devicemapper and its `dm.basesize` are gone since Engine 25; on ext4 there is no quota to set, and the row is not applicable.",
  row: "2.3",
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1499.001"],
  cwe: [770, 400],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/reference/cli/dockerd/#daemon-storage-driver",
    "https://docs.docker.com/engine/storage/drivers/overlayfs-driver/",
    "https://man7.org/linux/man-pages/man5/xfs.5.html",
  ],
  examples: {
    bad: [
      {
        syntax: "daemon.json",
        text: '{ "storage-driver": "overlay2", "storage-opts": ["overlay2.size=0"] }\n',
      },
      { syntax: "dockerd", text: "dockerd --storage-driver overlay2 --storage-opt overlay2.size=0" },
    ],
    good: [
      {
        syntax: "daemon.json",
        text: '{ "storage-driver": "overlay2", "storage-opts": ["overlay2.size=10G"] }\n',
      },
      { syntax: "dockerd", text: "dockerd --storage-opt overlay2.size=10G" },
    ],
  },
  check: { engine: dockerOnly(judge) },
  remedy: {
    engine(engine) {
      const value: NameValue = { name: "overlay2.size", value: "10G" };
      const none = sizes(engine).find((each) => isNone(each.value));
      return {
        kind: "behavioural",
        summary:
          "Give every container a default size; one that needs more asks for it with `--storage-opt size=`.",
        patches: [
          none
            ? { op: "replace", field: "storageOptions", value: none, with: { ...none, value: value.value } }
            : { op: "add", field: "storageOptions", value },
        ],
        breaks:
          "A container that writes more than that outside its volumes gets ENOSPC (“No space left on device”); on a file system other than xfs with pquota dockerd does not start with this option.",
      };
    },
  },
};

function judge(engine: Engine): Verdict {
  const { storageDriver, backingFilesystem, storageQuotaSupported, storageOptions } = engine;
  const size = setItems(storageOptions).findLast(({ value }) => sizeOptions.includes(value.name));
  if (size && !isNone(size.value.value)) return pass(`${size.value.name} ${size.value.value}`);
  if (size) return failure(`sets ${size.value.name} to ${size.value.value}, which is no limit`, size.origins);
  const driver = valueOr(storageDriver, "");
  if (perContainer.includes(driver)) {
    return notApplicable(`${driver} takes a size for each container, not a default for all`);
  }
  if (storageQuotaSupported.state === "set" && !storageQuotaSupported.value) {
    const filesystem = valueOr(backingFilesystem, "");
    const place = filesystem ? `${driver || "the driver"} on ${filesystem}` : driver || "the storage driver";
    return notApplicable(`${place} cannot limit a container's writable layer`);
  }
  const open = firstOpen(storageOptions);
  if (open) return unknownFact(open);
  if (storageQuotaSupported.state === "unresolved") return unknownFact(storageQuotaSupported);
  if (storageQuotaSupported.state !== "set") {
    return unknown("whether the storage driver can limit a container's writable layer cannot be seen here");
  }
  return failure("sets no default size for a container's writable layer, although its storage driver could");
}

function failure(what: string, origins: readonly Origin[] = []): Verdict {
  return fail(`${what}: one container can fill the disk for all`, {
    origins,
    evidence: "storage-opts",
    observed: "no size",
  });
}

function sizes({ storageOptions }: Engine): readonly NameValue[] {
  return setItems(storageOptions).flatMap(({ value }) => (sizeOptions.includes(value.name) ? [value] : []));
}

function isNone(size: string): boolean {
  return /^0+(?:\.0+)?\s*[kmgtp]?i?b?$/i.test(size.trim()) || size.trim() === "";
}
