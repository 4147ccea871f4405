import { isRecord, recordAt, textAt } from "../../../base/json.ts";
import { withSpacedLabels } from "../image/space.ts";
import { takenVolumeReasons } from "../policy/owner.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * The body of a create request with its named volumes looked up: another client's does not exist for this one. One that the
 * Engine is about to make gets the owner's label, for which it must be asked for among `Mounts`: `Binds` has no place for it.
 */
export function withOwnVolumes(
  body: unknown,
  context: CheckContext,
): { readonly body: unknown; readonly reasons: readonly Reason[] } {
  const { owner } = context.policy;
  const host = recordAt(body, "HostConfig");
  if (!owner || !isRecord(body)) return { body, reasons: [] };
  const reasons: Reason[] = [];
  const isNew = (name: string): boolean => {
    const answer = context.ask({ kind: "volume", name });
    if (answer.state === "found") reasons.push(...takenVolumeReasons(name, answer.document, context));
    return answer.state === "missing";
  };
  const labels = { [owner.label]: owner.value };
  const made: Json[] = [];
  const binds = (Array.isArray(host.Binds) ? host.Binds : []).filter((bind: unknown) => {
    const [name = "", target, options = ""] = String(bind).split(":");
    if (target === undefined || /^[/.~]/.test(name) || !isNew(name)) return true;
    const mount = mountOf(name, target, options, labels);
    if (mount) made.push(mount);
    else {
      const message = `asks for the new volume ${name} with options (${options}) that leave no place for its owner's label: make the volume first`;
      reasons.push({ rule: "guard-owner-label", message });
    }
    return false;
  });
  const mounts = (Array.isArray(host.Mounts) ? host.Mounts : []).map((mount: unknown) => {
    if (!isRecord(mount) || mount.Type !== "volume") return mount;
    const name = textAt(mount, "Source") ?? "";
    if (name !== "" && !isNew(name)) return mount;
    const given = recordAt(mount, "VolumeOptions");
    const own = withSpacedLabels(recordAt(given, "Labels"), context.policy);
    return { ...mount, VolumeOptions: { ...given, Labels: { ...own, ...labels } } };
  });
  const all = [...mounts, ...made];
  return {
    body: {
      ...body,
      ...(isRecord(body.HostConfig) && {
        HostConfig: {
          ...host,
          ...(Array.isArray(host.Binds) && { Binds: binds }),
          ...(all.length > 0 && { Mounts: all }),
        },
      }),
    },
    reasons,
  };
}

function mountOf(Source: string, Target: string, options: string, Labels: Json): Json | undefined {
  const words = options.split(",").filter((word) => word !== "");
  if (words.some((word) => !["ro", "rw", "nocopy"].includes(word))) return undefined;
  return {
    Type: "volume",
    Source,
    Target,
    ...(words.includes("ro") && { ReadOnly: true }),
    VolumeOptions: { ...(words.includes("nocopy") && { NoCopy: true }), Labels },
  };
}
