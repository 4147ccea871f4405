import { recordAt, textAt } from "../../engine/records.ts";
import { boundByDriver } from "../../formats/create-request/mounts.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import type { Reason } from "./decision.ts";
import { byControls, byJudge, type Fields, harmless } from "./fields.ts";
import { judgeVolumeDriver } from "./host-config.ts";
import type { Around } from "./judge.ts";
import { lookAtHost } from "./known.ts";
import { isAllowedMount, matchesImage } from "./patterns.ts";
import { against } from "./rules.ts";

const aboutMounts = "the controls on mounts";

/** How every field of an object of `Mounts` is judged (moby: api/types/mount/mount.go). */
export const mountFields: Fields = {
  Type: byJudge("judgeMountObject: npipe, cluster and image"),
  Source: byJudge(`${aboutMounts}, allow.mounts, and volumes by their name`),
  Target: harmless("where in the container it stands"),
  ReadOnly: byControls("read-only-volume"),
  Consistency: harmless("read by Docker Desktop alone"),
  BindOptions: byControls("mount-propagation"),
  VolumeOptions: byJudge(`judgeDriver, and ${aboutMounts} where its driver binds a folder`),
  ImageOptions: harmless("a folder of the image instead of all of it"),
  TmpfsOptions: byControls("tmpfs-options", "storage-limit"),
  ClusterOptions: byJudge("judgeMountObject: the type cluster"),
};

/** What the guard's own rules have against the mounts of a container: drivers, options, types, folders off the list. */
export function judgeMountRules(
  view: Container,
  mounts: readonly unknown[],
  around: Around,
): readonly Reason[] {
  return [
    ...mounts.flatMap((mount) => judgeMountObject(mount, around)),
    ...setItems(view.mounts).flatMap(({ value: { type, source } }) =>
      type === "volume" && source !== undefined ? judgeNamedVolume(source, around) : [],
    ),
    ...judgeBoundFolders(view, around),
  ];
}

/** Where the policy opens the folders on its list and no other, however they are mounted and wherever a link to one leads. */
export function judgeBoundFolders(view: Container, around: Around): readonly Reason[] {
  const { mounts } = lookAtHost(view, around).resolved ?? view;
  return setItems(mounts).flatMap(({ value: { hostPath, resolvedPath, readOnly } }) =>
    [hostPath, resolvedPath === hostPath ? undefined : resolvedPath].flatMap((path) =>
      path === undefined ? [] : judgeBoundFolder(path, readOnly, around),
    ),
  );
}

function judgeBoundFolder(path: string, readOnly: boolean, { policy }: Around): readonly Reason[] {
  if (isAllowedMount(path, readOnly, policy.allow.mounts)) return [];
  return against(policy, "guard-bind-mount", `mounts ${path}, which is not in allow.mounts`, {
    list: "mounts",
    value: path,
  });
}

function judgeMountObject(mount: unknown, around: Around): readonly Reason[] {
  const type = textAt(mount, "Type") ?? "";
  if (type === "npipe" || type === "cluster") {
    return against(
      around.policy,
      "guard-mount-type",
      `mounts a volume of the type ${type}, whose reach is not known`,
    );
  }
  if (type === "image") return judgeMountedImage(textAt(mount, "Source") ?? "", around);
  const driver = recordAt(mount, "VolumeOptions", "DriverConfig");
  return judgeDriver(String(driver.Name ?? ""), driver.Options, around);
}

/** The files of an image, read-only: of one that the policy names, where it names any. */
function judgeMountedImage(reference: string, { policy }: Around): readonly Reason[] {
  const { images } = policy.allow;
  if (images.length === 0 || matchesImage(reference, images)) return [];
  return against(policy, "guard-image", `mounts the image ${reference}, which is not in allow.images`, {
    list: "images",
    value: reference,
  });
}

/** A volume that exists, whoever made it. */
function judgeNamedVolume(name: string, around: Around): readonly Reason[] {
  const answer = around.ask({ kind: "volume", name });
  if (answer.state !== "found") return [];
  return judgeDriver(textAt(answer.document, "Driver") ?? "", recordAt(answer.document, "Options"), around);
}

/** A volume's driver with its options; `bound` is where its bind is judged elsewhere. */
export function judgeDriver(driver: string, options: unknown, around: Around): readonly Reason[] {
  const foreign = judgeVolumeDriver(driver, around);
  if (foreign.length > 0 || (driver !== "" && driver !== "local")) return foreign;
  const given = recordAt({ options }, "options");
  if (Object.keys(given).length === 0) return [];
  if (isSizedTmpfs(given) && !mountsAgain(given)) return [];
  if (boundByDriver("local", given) !== undefined && isPlainBind(given) && !isAmbiguous(given)) return [];
  const type = textAt(given, "type") ?? "";
  return against(
    around.policy,
    "guard-volume-options",
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
