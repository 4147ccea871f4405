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
  heldFolder,
  refusedFolder,
  withMounts,
} from "../judge/container/folders.ts";
import type { Ask, Judged } from "../judge/judge.ts";
import { isAllowed } from "../judge/policy/rules.ts";
import { type Answer, questionKey } from "../judge/result.ts";
import type { HostFolder, Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";

type Json = Readonly<Record<string, unknown>>;

/** One look at each path for a whole request: what was judged is what is mounted, whatever a path leads to meanwhile. */
export function onePathLook(ask: Ask): Ask {
  const seen = new Map<string, Answer>();
  return async (questions) => {
    const found = new Map(await ask(questions.filter((each) => !seen.has(questionKey(each)))));
    for (const each of questions) {
      const key = questionKey(each);
      const answer = seen.get(key) ?? found.get(key);
      if (answer === undefined) continue;
      found.set(key, answer);
      if (each.kind === "hostPath") seen.set(key, answer);
    }
    return found;
  };
}

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
  if (items.every((item) => askedBind(item) === undefined)) return ok(request);
  const engine = (await ask([{ kind: "engine" }])).get("engine");
  if (!engine || !hasSubpaths(undefined, engine)) return ok(request);
  if (!hasSubpaths(request.version, engine)) {
    const source = items.map((item) => askedBind(item)?.source ?? "").find((path) => isSoft(path, policy));
    return source === undefined
      ? ok(request)
      : failed(
          `mounts ${source}, in whose place others than root can put a link: that needs API 1.45 or newer, and this client asks for 1.${request.version?.minor}`,
        );
  }
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
    if (answer?.state !== "found") return failed(`mounts ${asked.source}, and where that leads is not known`);
    const mount = { hostPath: asked.source, resolvedPath: answer.id, readOnly: asked.readOnly };
    const folder = folderOf(mount, policy, user);
    if (!folder) {
      const reason = refusedFolder(asked.source, policy);
      if (reason !== undefined) return failed(`mounts ${asked.source}, and ${reason}`);
      // dockerd would follow its path, which others than root can change.
      if (heldFolder(asked.source, policy) && !isAllowed(policy, "guard-bind-mount"))
        return failed(`mounts ${asked.source}, and that leads out of the folder that the policy allows`);
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
    // dockerd would follow the descriptor of a guard that has ended, and of anyone who has its process ID.
    ...(!lasts && { RestartPolicy: { Name: "no", MaximumRetryCount: 0 } }),
  };
  const Labels = { ...recordAt(body, "Labels"), [askedLabel]: JSON.stringify(asked) };
  return ok({ ...request, body: { ...body, Labels, HostConfig } });
}

function isSoft(path: string, policy: Policy): boolean {
  return heldFolder(path, policy)?.isFirm === false && !isAllowed(policy, "guard-bind-mount");
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
