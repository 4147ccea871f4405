import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import type { Answer, EngineClient } from "../../engine/client.ts";
import { joinedBy, joiningFields } from "../judge/container/create-names.ts";
import type { Reason } from "../judge/result.ts";
import type { UnderstoodRequest } from "../request/request.ts";

type Kind = "container" | "network";

/** Every object of a kind, as far as its name and id go. */
type List = readonly { readonly id: string; readonly names: readonly string[] }[];

/**
 * Why a plugin may not let a request pass whose names are the beginnings of other objects' ids. dockerd looks for a name first
 * and for such a beginning then: once what has the name is renamed or removed, between the judgement and dockerd's own look,
 * the other one is meant. The proxy puts the id in the name's place; a plugin cannot.
 */
export async function shortNameReasons(
  request: UnderstoodRequest,
  engine: Pick<EngineClient, "get">,
): Promise<readonly Reason[]> {
  const named = namesIn(request).filter(({ name }) => /^[0-9a-f]{1,63}$/.test(name));
  const lists = new Map<Kind, List | string>();
  for (const { kind } of named) if (!lists.has(kind)) lists.set(kind, await listed(kind, engine));
  return named.flatMap(({ kind, name }): readonly Reason[] => {
    const list = lists.get(kind) ?? [];
    if (typeof list === "string") {
      return [{ rule: "guard-unknown", message: `what else ${name} may mean is not known: ${list}` }];
    }
    const isNamed = list.some(({ names }) => names.includes(name));
    const other = list.find(({ id, names }) => id.startsWith(name) && !names.includes(name));
    if (!isNamed || !other) return [];
    const message = `names the ${kind} ${name}, and the id of ${other.names[0] ?? other.id} begins like that: a moment later it may mean that one. Use its whole id`;
    return [{ rule: "guard-unknown", message }];
  });
}

async function listed(kind: Kind, engine: Pick<EngineClient, "get">): Promise<List | string> {
  const answer: Answer = await engine.get(kind === "container" ? "/containers/json?all=1" : "/networks");
  if (!answer.ok) return answer.reason;
  return itemsOf(answer.value).map((each) => ({
    id: textAt(each, "Id") ?? "",
    names: kind === "network" ? textsOf([textAt(each, "Name")]) : textsOf(recordAt(each).Names).map(bare),
  }));
}

function bare(name: string): string {
  return name.replace(/^\//, "");
}

/** Containers and networks by whatever the request calls them. */
function namesIn({ params, query, body }: UnderstoodRequest): readonly { kind: Kind; name: string }[] {
  const host = recordAt(body, "HostConfig");
  const joined = joiningFields.map((field) => joinedBy(host[field]));
  const taken = [...textsOf(host.VolumesFrom), ...textsOf(host.Links)].map(
    (text) => text.split(":")[0] ?? "",
  );
  const containers = [
    params.container,
    query.get("container")?.[0],
    textAt(body, "Container"),
    ...joined,
    ...taken,
  ];
  const networks = [
    params.network,
    textAt(host, "NetworkMode"),
    ...Object.keys(recordAt(body, "NetworkingConfig", "EndpointsConfig")),
  ];
  const as = (kind: Kind, names: readonly (string | undefined)[]) =>
    names.flatMap((name) => (name === undefined ? [] : [{ kind, name: bare(name) }]));
  return [...as("container", containers), ...as("network", networks)];
}
