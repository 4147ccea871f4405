import { isRecord, itemsOf, parsedJson, recordAt, textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { HeldFolders } from "../engine/folders.ts";
import {
  type AskedBind,
  askedBind,
  askedLabel,
  asVolume,
  folderOf,
  hasSubpaths,
  refusedFolder,
  withMounts,
} from "../judge/container/folders.ts";
import type { Ask, Judged } from "../judge/judge.ts";
import { questionKey } from "../judge/result.ts";
import type { HostFolder, Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * A create request that was judged, with its binds below folders of the guard's as volumes; a start, once what is missing of them
 * was made.
 */
export async function pin(judged: Judged, policy: Policy, held: HeldFolders, ask: Ask): Promise<Judged> {
  if (judged.verdict === "deny" || policy.folders === undefined || policy.mode !== "enforce") return judged;
  const { route, request } = judged;
  if (route.id === "container-start" || route.id === "container-restart")
    await makeMissing(request, held, ask);
  if (route.id !== "container-create") return judged;
  const done = await pinCreate(request, policy, held, ask);
  if (done.ok) return done.value === request ? judged : { ...judged, request: done.value };
  const reasons = [{ rule: "guard-bind-mount", message: done.reason }];
  return { verdict: "deny", route, request, reasons, status: 403 };
}

async function pinCreate(
  request: UnderstoodRequest,
  policy: Policy,
  held: HeldFolders,
  ask: Ask,
): Promise<Result<UnderstoodRequest>> {
  const body = recordAt({ at: request.body }, "at");
  const host = recordAt(body, "HostConfig");
  const items = [...itemsOf(host.Binds), ...itemsOf(host.Mounts)];
  const engine = (await ask([{ kind: "engine" }])).get("engine");
  if (
    items.every((item) => askedBind(item) === undefined) ||
    !engine ||
    !hasSubpaths(request.version, engine)
  )
    return ok(request);
  const found = await ask(
    items.flatMap((item) => {
      const path = askedBind(item)?.source;
      return path === undefined ? [] : [{ kind: "hostPath" as const, path }];
    }),
  );
  const user = await userOf(body, ask);
  const pinned = new Map<unknown, Json>();
  let lasts = true;
  for (const item of items) {
    const asked = askedBind(item);
    if (!asked) continue;
    const answer = found.get(questionKey({ kind: "hostPath", path: asked.source }));
    if (answer?.state !== "found") continue;
    const mount = { hostPath: asked.source, resolvedPath: answer.id, readOnly: asked.readOnly };
    const folder = folderOf(mount, policy, user);
    if (!folder) {
      const reason = refusedFolder(asked.source, policy);
      if (reason !== undefined) return failed(`mounts ${asked.source}, and ${reason}`);
      continue;
    }
    const made = await pinOne(asked, answer.id, folder, held, ask);
    if (!made.ok) return made;
    pinned.set(item, made.value);
    lasts &&= folder.lasts;
  }
  if (pinned.size === 0) return ok(request);
  const stay = (list: unknown) => itemsOf(list).filter((item) => !pinned.has(item));
  const { RestartPolicy } = host;
  const asked = {
    mounts: [...pinned.keys()],
    ...(!lasts && isRecord(RestartPolicy) && { restart: RestartPolicy }),
  };
  const HostConfig = {
    ...withMounts(host, stay(host.Binds), [...stay(host.Mounts), ...pinned.values()]),
    // dockerd would follow the descriptor of a guard that has ended, and of whoever has its process ID.
    ...(!lasts && { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } }),
  };
  const Labels = { ...recordAt(body, "Labels"), [askedLabel]: JSON.stringify(asked) };
  return ok({ ...request, body: { ...body, Labels, HostConfig } });
}

/** Its own, or its image's. */
async function userOf(body: Json, ask: Ask): Promise<string> {
  const own = textAt(body, "User") ?? "";
  const name = textAt(body, "Image") ?? "";
  if (own !== "" || name === "") return own;
  const image = (await ask([{ kind: "image", name }])).get(`image ${name}`);
  return (image?.state === "found" && textAt(image.document, "Config", "User")) || "";
}

async function pinOne(
  asked: AskedBind,
  path: string,
  folder: HostFolder,
  held: HeldFolders,
  ask: Ask,
): Promise<Result<Json>> {
  if (asked.beyond !== undefined)
    return failed(
      `mounts ${asked.source} with ${asked.beyond} propagation: what is mounted later would pass between the host and the container`,
    );
  const subpath = held.place(folder.root, path, asked.makes ? "passes" : "fails");
  if (!subpath.ok) return failed(`mounts ${asked.source}, and ${subpath.reason}`);
  const known = (await ask([{ kind: "volume", name: folder.volume }])).get(`volume ${folder.volume}`);
  if (known?.state === "unknown") return failed(`mounts ${asked.source}: ${known.reason}`);
  if (known?.state === "found" && textAt(known.document, "Options", "device") !== folder.device)
    return failed(
      `mounts ${asked.source}, and the volume ${folder.volume}, by which the guard mounts it, is not the guard's: remove it`,
    );
  return ok(asVolume(asked, folder, subpath.value));
}

/** What is missing is made before dockerd looks for it. Where it cannot be, dockerd says so, and removes what was to be removed. */
async function makeMissing(request: UnderstoodRequest, held: HeldFolders, ask: Ask): Promise<void> {
  const name = request.params.container ?? "";
  const answer = (await ask([{ kind: "container", name }])).get(`container ${name}`);
  if (answer?.state !== "found") return;
  const label = textAt(answer.document, "Config", "Labels", askedLabel);
  const given = label === undefined ? [] : itemsOf(recordAt({ at: parsedJson(label) }, "at").mounts);
  for (const mount of itemsOf(recordAt(answer.document, "HostConfig").Mounts)) {
    const folder = held.named(textAt(mount, "Source") ?? "");
    const target = textAt(mount, "Target");
    if (!folder || !given.some((item) => askedBind(item)?.target === target && askedBind(item)?.makes))
      continue;
    const subpath = textAt(mount, "VolumeOptions", "Subpath") ?? "";
    held.place(folder.root, subpath === "" ? folder.root : `${folder.root}/${subpath}`, "made");
  }
}
