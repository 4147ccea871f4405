import { isRecord, itemsOf, parsedJson, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { exposedMounts } from "../../../controls/mounts/exposed-mounts.ts";
import { normaliseCapability } from "../../../model/container/capability.ts";
import type { Container } from "../../../model/container.ts";
import type { Mount } from "../../../model/mount.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Change, Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { folderOf } from "./folders.ts";
import { contextOf, lookAtHost, withVolumes } from "./known.ts";
import { calls, withoutModeBits } from "./mode-bits.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * A container that can write to a folder of the host leaves nothing there that gives a user of the host more rights: no device node,
 * no file with capabilities, no setuid or setgid file. Where the folder is mounted with other owners, such a file is the caller's own
 * and worth nothing; else a seccomp profile refuses its mode.
 */
export function withoutHostRights(
  body: unknown,
  view: Container,
  context: CheckContext,
): { readonly body: unknown; readonly changes: readonly Change[]; readonly reasons: readonly Reason[] } {
  const { policy } = context;
  const unchanged = { body, changes: [], reasons: [] };
  // A plugin can add nothing.
  if (!isRecord(body) || policy.folders === undefined || isAllowed(policy, "guard-host-file"))
    return unchanged;
  const host = recordAt(body, "HostConfig");
  const engine = recordAt({ at: documentOf(context) }, "at", "info");
  const options = textsOf(engine.SecurityOptions);
  const isRemapped = options.some((each) => each.startsWith("name=userns")) && host.UsernsMode !== "host";
  if (host.Privileged === true || isRemapped) return unchanged;
  const mounts = writable(view, context);
  if (mounts.length === 0) return unchanged;
  const isMapped = mounts.every(
    (mount) => mount !== "unknown" && isMappedMount(mount, textAt(body, "User"), context),
  );
  const dropped = isMapped ? ["MKNOD"] : ["MKNOD", "SETFCAP"];
  const capped = withoutCapabilities(host, dropped);
  const changes = capped.missing.map(
    (name): Change => ({
      control: "guard-host-file",
      patch: { op: "add", field: "capDrop", value: name },
      flag: `--cap-drop ${name}`,
      replaced: capped.replaced,
    }),
  );
  if (isMapped) return { body: { ...body, HostConfig: capped.host }, changes, reasons: [] };
  const profile = profileFor(textsOf(host.SecurityOpt), options);
  if (profile === undefined) {
    const message =
      "mounts a folder of the host that it can write to, and the Engine's own seccomp profile, which the guard does not see, may let it leave a setuid file there: give its entry in allow.mounts a user (as: 1000)";
    return { ...unchanged, reasons: against(policy, "guard-host-file", message) };
  }
  const others = textsOf(host.SecurityOpt).filter((option) => !/^seccomp[=:]/.test(option));
  return {
    body: { ...body, HostConfig: { ...capped.host, SecurityOpt: [...others, `seccomp=${profile}`] } },
    changes: [
      ...changes,
      {
        control: "guard-host-file",
        patch: {
          op: "set",
          field: "seccomp",
          value: { profile: "custom", path: undefined, allowsAll: false },
        },
        flag: "--security-opt seccomp=… (no setuid and setgid modes)",
        replaced: others.length < textsOf(host.SecurityOpt).length,
      },
    ],
    reasons: [],
  };
}

function documentOf({ ask }: CheckContext): unknown {
  const answer = ask({ kind: "engine" });
  return answer.state === "found" ? answer.document : undefined;
}

/** Folders and files of the host that it can write to, also those that it takes from other containers. */
function writable(view: Container, context: CheckContext): readonly (Mount | "unknown")[] {
  const bound = withVolumes(view, context);
  const seen = lookAtHost(bound, context).resolved ?? bound;
  return exposedMounts(seen, contextOf(context)).flatMap((item): readonly (Mount | "unknown")[] => {
    if (item.state !== "set") return ["unknown"];
    const { mount } = item.value;
    const { hostPath, readOnly, isWritableBelow } = mount;
    if (hostPath === undefined || (readOnly && isWritableBelow !== true)) return [];
    const answer = context.ask({ kind: "hostPath", path: hostPath });
    const isSocket = answer.state === "found" && textAt(answer.document, "type") === "socket";
    return isSocket ? [] : [mount];
  });
}

function isMappedMount(mount: Mount, user: string | undefined, { policy, pins }: CheckContext): boolean {
  if (mount.type === "volume") return policy.folders?.named(mount.source ?? "")?.isMapped === true;
  return pins === true && folderOf(mount, policy, user)?.isMapped === true;
}

/** Also where it adds one by name, which dockerd would let count more than that it is dropped. */
function withoutCapabilities(host: Json, names: readonly string[]) {
  const drops = textsOf(host.CapDrop).map(normaliseCapability);
  const adds = textsOf(host.CapAdd);
  const kept = adds.filter((each) => !names.includes(normaliseCapability(each)));
  const missing = drops.includes("ALL") ? [] : names.filter((name) => !drops.includes(name));
  return {
    host: {
      ...host,
      ...(missing.length > 0 && { CapDrop: [...textsOf(host.CapDrop), ...missing] }),
      ...(kept.length < adds.length && { CapAdd: kept }),
    },
    missing,
    replaced: kept.length < adds.length,
  };
}

/** The profile that it would have, without the modes. Undefined where that is a file of the Engine's operator. */
function profileFor(asked: readonly string[], engine: readonly string[]): string | undefined {
  const own = asked.findLast((option) => /^seccomp[=:]/.test(option))?.slice("seccomp=".length);
  if (own?.startsWith("{")) return withoutModeBits(parsedJson(own));
  const usual = engine.find((each) => each.startsWith("name=seccomp"))?.match(/profile=([^,]*)/)?.[1];
  const name = own ?? usual ?? "builtin";
  if (name === "unconfined") return withoutModeBits({ defaultAction: "SCMP_ACT_ALLOW" });
  return ["builtin", "default", ""].includes(name) ? calls() : undefined;
}

/** Whether a profile is one that the guard gives, or gave when it let fewer calls through by their names. */
export function isGuardsProfile(text: string): boolean {
  const [own, given] = [calls(), text].map((each) => recordAt({ at: parsedJson(each) }, "at"));
  const [first, ...others] = itemsOf(given?.syscalls);
  const names = textsOf(recordAt({ first }, "first").names);
  const plain = itemsOf(own?.syscalls)[0];
  const known = new Set(textsOf(recordAt({ plain }, "plain").names));
  const rebuilt = { ...given, syscalls: [plain, ...others] };
  return names.every((name) => known.has(name)) && JSON.stringify(rebuilt) === JSON.stringify(own);
}
