import { recordAt, textAt } from "../../../base/json.ts";
import { boundByDriver } from "../../../formats/create-request/mounts.ts";
import type { Container } from "../../../model/container.ts";
import { setItems } from "../../../model/fact.ts";
import { byControls, type Fields, harmless, judgedBy, within } from "../fields.ts";
import { labelled } from "../policy/owner.ts";
import { matchesImage } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/** How every field of an object of `Mounts` is judged (moby: api/types/mount/mount.go). */
export const mountFields: Fields = {
  Type: byControls,
  Source: byControls,
  Target: byControls,
  ReadOnly: byControls,
  Consistency: harmless("read by Docker Desktop alone"),
  BindOptions: within({
    Propagation: byControls,
    NonRecursive: harmless("less is mounted"),
    CreateMountpoint: harmless("a folder that is missing is judged as if it existed"),
    ReadOnlyNonRecursive: byControls,
    ReadOnlyForceRecursive: harmless("read-only below too, or an error"),
  }),
  VolumeOptions: within({
    NoCopy: harmless("whether the image's files are copied into a new volume"),
    Labels: judgedBy(labelled),
    Subpath: harmless("a part of the volume, which is judged as a whole"),
    DriverConfig: byControls,
  }),
  ImageOptions: within({ Subpath: harmless("a folder of the image instead of all of it") }),
  TmpfsOptions: byControls,
  ClusterOptions: judgedBy(checkMountObject),
};

export function checkVolumeDriver(driver: string, { policy }: CheckContext): readonly Reason[] {
  if (driver === "" || driver === "local" || policy.allow.volumeDrivers.includes(driver)) return [];
  return against(
    policy,
    "volume-options",
    `asks for the volume driver ${driver}, which runs as root outside of every container`,
    { list: "volumeDrivers", value: driver },
  );
}

/** What the guard's own rules have against the mounts of a container: drivers, options, types. */
export function checkMountRules(
  view: Container,
  mounts: readonly unknown[],
  context: CheckContext,
): readonly Reason[] {
  return [
    ...mounts.flatMap((mount) => checkMountObject(mount, context)),
    ...setItems(view.mounts).flatMap(({ value: { type, source } }) =>
      type === "volume" && source !== undefined ? checkNamedVolume(source, context) : [],
    ),
  ];
}

function checkMountObject(mount: unknown, context: CheckContext): readonly Reason[] {
  const type = textAt(mount, "Type") ?? "";
  if (type === "npipe" || type === "cluster") {
    return against(
      context.policy,
      "guard-mount-type",
      `mounts a volume of the type ${type}, whose reach is not known`,
    );
  }
  if (type === "image") return checkMountedImage(textAt(mount, "Source") ?? "", context);
  const driver = recordAt(mount, "VolumeOptions", "DriverConfig");
  return checkDriver(String(driver.Name ?? ""), driver.Options, context);
}

/** The files of an image, read-only: of one that the policy names, where it names any. */
function checkMountedImage(reference: string, { policy }: CheckContext): readonly Reason[] {
  const { images } = policy.allow;
  if (images.length === 0 || matchesImage(reference, images)) return [];
  return against(policy, "guard-image", `mounts the image ${reference}, which is not in allow.images`, {
    list: "images",
    value: reference,
  });
}

/** An existing volume of any owner. */
function checkNamedVolume(name: string, context: CheckContext): readonly Reason[] {
  const answer = context.ask({ kind: "volume", name });
  if (answer.state !== "found") return [];
  return checkDriver(textAt(answer.document, "Driver") ?? "", recordAt(answer.document, "Options"), context);
}

/** A volume's driver with its options; `bound` is where its bind is judged elsewhere. */
export function checkDriver(driver: string, options: unknown, context: CheckContext): readonly Reason[] {
  const foreign = checkVolumeDriver(driver, context);
  if (foreign.length > 0 || (driver !== "" && driver !== "local")) return foreign;
  const given = recordAt({ options }, "options");
  if (Object.keys(given).length === 0) return [];
  if (isSizedTmpfs(given) && !mountsAgain(given)) return [];
  if (boundByDriver("local", given) !== undefined && isPlainBind(given) && !isAmbiguous(given)) return [];
  const type = textAt(given, "type") ?? "";
  return against(
    context.policy,
    "volume-options",
    `has a volume with options (${Object.keys(given).join(", ")}${type === "" ? "" : `; type=${type}`}) that mount more than a folder: a disk or a share would be open to it`,
  );
}

function isSizedTmpfs(options: Readonly<Record<string, unknown>>): boolean {
  return (
    options.type === "tmpfs" &&
    Object.keys(options).every((name) => ["type", "device", "o", "size"].includes(name))
  );
}

/** With these, mount(2) looks at the device alone, whatever the type says. */
function mountsAgain({ o }: Readonly<Record<string, unknown>>): boolean {
  return String(o ?? "")
    .split(",")
    .some((word) => ["bind", "rbind", "remount"].includes(word.trim()));
}

/** The kernel follows a link before it goes up, and Docker does not take `..` away here as it does in a bind. */
function isAmbiguous({ device }: Readonly<Record<string, unknown>>): boolean {
  return String(device).split("/").includes("..");
}

function isPlainBind(options: Readonly<Record<string, unknown>>): boolean {
  const type = options.type ?? "none";
  return (
    (type === "none" || type === "bind" || type === "") &&
    Object.keys(options).every((name) => ["type", "device", "o"].includes(name))
  );
}
