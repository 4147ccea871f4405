import fc from "fast-check";
import { isRecord, recordAt, textAt, textsOf } from "../../../src/base/json.ts";

/**
 * The law *Never worse*: whatever two clients ask under whatever policies, nobody gets what the policy forbids. The oracle looks
 * at the Engine's state before and after a call, and shares no code with the guard's judgement.
 */
export interface Words {
  readonly owner?: true;
  readonly allow?: {
    readonly mounts?: readonly string[];
    readonly images?: readonly string[];
    readonly users?: readonly number[];
    readonly capabilities?: readonly string[];
  };
  readonly rules?: Readonly<Record<string, "allow">>;
}

export const clients = ["ann", "bob"] as const;
export type ClientName = (typeof clients)[number];
export type Policies = Readonly<Record<ClientName, Words>>;

export interface Call {
  readonly client: ClientName;
  readonly method: "POST" | "DELETE";
  /** Behind the version. */
  readonly path: string;
  readonly body?: unknown;
  /** Of a build: the Dockerfile in its archive. */
  readonly dockerfile?: string;
}

/** Inspect documents, by what they go by. */
export interface State {
  /** Ids by tag. */
  readonly tags: ReadonlyMap<string, string>;
  readonly containers: ReadonlyMap<string, unknown>;
  readonly volumes: ReadonlyMap<string, unknown>;
  readonly networks: ReadonlyMap<string, unknown>;
  /** By id, each with what exec inspect says. */
  readonly execs: ReadonlyMap<string, unknown>;
  readonly services: ReadonlyMap<string, unknown>;
  readonly secrets: ReadonlyMap<string, unknown>;
}

/** Links of the host that the containers' folders are in. */
export const links: Readonly<Record<string, string>> = { "/srv/ann/link": "/etc" };

export const base = "busybox:test";

const words = fc.record<Words>(
  {
    owner: fc.constant(true as const),
    allow: fc.record(
      {
        mounts: fc.constantFrom(["/srv/ann"], ["/srv/{client}/*"], ["/srv/ann/link"], []),
        images: fc.constantFrom([base], ["trusted"], []),
        users: fc.constantFrom([1000], []),
        capabilities: fc.constantFrom(["NET_ADMIN"], []),
      },
      { requiredKeys: [] },
    ),
    rules: fc.constantFrom(
      { "guard-image-push": "allow" as const },
      { "guard-commit": "allow" as const },
      { "guard-service": "allow" as const },
      {},
    ),
  },
  { requiredKeys: [] },
);

export const policies: fc.Arbitrary<Policies> = fc.record({ ann: words, bob: words });

const containers = ["c1", "c2", "c3", "others"];
const named = fc.constantFrom(...containers);
const tag = fc.constantFrom(
  "app:1",
  "trusted:latest",
  "postgres:17",
  base,
  "abcdef012345:latest",
  "bulkhead.invalid/bob/docker.io/library/app:1",
);
const label = fc.constantFrom(
  ["bulkhead.owner", "ann"],
  ["bulkhead.owner", "bob"],
  ["bulkhead.image", base],
  ["com.docker.compose.project", "shop"],
  ["a", "b"],
);
const source = fc.constantFrom(
  "/",
  "/etc",
  "/srv/ann",
  "/srv/ann/a",
  "/srv/ann/link",
  "/srv/bob/a",
  "/etc/localtime",
  "vol",
  "new",
);

const hostConfig = fc.record(
  {
    Privileged: fc.boolean(),
    NetworkMode: fc.constantFrom("none", "host", "container:c1", "net"),
    PidMode: fc.constantFrom("", "host", "container:c1", "container:others"),
    IpcMode: fc.constantFrom("", "host", "private"),
    CapAdd: fc.constantFrom(["NET_ADMIN"], ["SYS_ADMIN"], ["ALL"], []),
    Binds: fc.array(
      fc.tuple(source, fc.constantFrom("", ":ro")).map(([from, mode]) => `${from}:/m${mode}`),
      { maxLength: 1 },
    ),
    Mounts: fc.array(
      fc.record({
        Type: fc.constant("bind"),
        Source: source.filter((from) => from.startsWith("/")),
        Target: fc.constant("/n"),
      }),
      { maxLength: 1 },
    ),
    VolumesFrom: fc.constantFrom(["c1"], ["others"], []),
    SecurityOpt: fc.constantFrom(["seccomp=unconfined"], ["no-new-privileges"], []),
  },
  { requiredKeys: [] },
);

const query = (repo: string): string => {
  const colon = repo.lastIndexOf(":");
  return `repo=${encodeURIComponent(repo.slice(0, colon))}&tag=${repo.slice(colon + 1)}`;
};

const asked: fc.Arbitrary<Omit<Call, "client">> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        name: named,
        image: fc.oneof(fc.constant(base), tag),
        config: hostConfig,
        labels: fc.array(label, { maxLength: 2 }),
        user: fc.constantFrom("", "1000", "nobody", "0"),
      })
      .map(({ name, image, config, labels, user }) => ({
        method: "POST" as const,
        path: `/containers/create?name=${name}`,
        body: {
          Image: image,
          User: user,
          Cmd: ["sleep", "1d"],
          Labels: Object.fromEntries(labels),
          HostConfig: { NetworkMode: "none", ...config },
        },
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(named, fc.constantFrom("start", "restart?t=0", "kill"))
      .map(([name, what]) => ({ method: "POST" as const, path: `/containers/${name}/${what}` })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(tag, tag).map(([from, to]) => ({
      method: "POST" as const,
      path: `/images/${encodeURIComponent(from)}/tag?${query(to)}`,
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ name: named, User: fc.constantFrom("", "0", "1000", "nobody"), Privileged: fc.boolean() })
      .map(({ name, User, Privileged }) => ({
        method: "POST" as const,
        path: `/containers/${name}/exec`,
        body: { User, Privileged, Cmd: ["true"] },
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        Name: fc.constantFrom("s1", "s2"),
        Image: fc.oneof(fc.constant(base), tag),
        from: source,
        CapabilityAdd: fc.constantFrom(["CAP_SYS_ADMIN"], []),
        User: fc.constantFrom("", "1000", "nobody"),
        secret: fc.constantFrom("ann", "bob", undefined),
        network: fc.constantFrom("host", "net", undefined),
        labels: fc.array(label, { maxLength: 1 }),
      })
      .map(({ Name, Image, from, CapabilityAdd, User, secret, network, labels }) => ({
        method: "POST" as const,
        path: "/services/create",
        body: {
          Name,
          Labels: Object.fromEntries(labels),
          TaskTemplate: {
            ContainerSpec: {
              Image,
              CapabilityAdd,
              User,
              Mounts: [{ Type: from.startsWith("/") ? "bind" : "volume", Source: from, Target: "/m" }],
              ...(secret && { Secrets: [{ SecretID: secret, SecretName: secret }] }),
            },
            ...(network && { Networks: [{ Target: network }] }),
          },
        },
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(tag, fc.constantFrom("", "host", "container:others"), fc.constantFrom("scratch", base))
      .map(([to, network, from]) => ({
        method: "POST" as const,
        path: `/build?t=${encodeURIComponent(to)}&networkmode=${encodeURIComponent(network)}`,
        dockerfile: `FROM ${from}\nLABEL bulkhead.owner=bob\n`,
      })),
  },
  named.map((name) => ({ method: "DELETE" as const, path: `/containers/${name}?force=1` })),
  tag.map((name) => ({
    method: "DELETE" as const,
    path: `/images/${encodeURIComponent(name)}?force=1&noprune=1`,
  })),
  fc.tuple(named, tag).map(([name, to]) => ({
    method: "POST" as const,
    path: `/commit?container=${name}&${query(to)}`,
    body: {},
  })),
  fc.tuple(fc.constantFrom("vol", "new"), source).map(([Name, device]) => ({
    method: "POST" as const,
    path: "/volumes/create",
    body: {
      Name,
      Driver: "local",
      ...(device.startsWith("/") && { DriverOpts: { type: "none", o: "bind", device } }),
    },
  })),
  fc.constantFrom("vol", "new").map((name) => ({ method: "DELETE" as const, path: `/volumes/${name}` })),
  fc
    .constantFrom("net")
    .map((Name) => ({ method: "POST" as const, path: "/networks/create", body: { Name } })),
  fc.constantFrom("net").map((name) => ({ method: "DELETE" as const, path: `/networks/${name}` })),
  fc
    .constantFrom("containers", "images", "volumes", "networks")
    .map((kind) => ({ method: "POST" as const, path: `/${kind}/prune` })),
);

export const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.tuple(fc.constantFrom(...clients), asked).map(([client, call]) => ({ client, ...call })),
  { minLength: 4, maxLength: 16 },
);

/** What the call came to that the client's policy forbids; none is the law kept. */
export function worse(
  before: State,
  after: State,
  { client }: Pick<Call, "client">,
  all: Policies,
): readonly string[] {
  const own = all[client];
  const found: string[] = [];
  const kinds = ["containers", "volumes", "networks"] as const;
  for (const kind of kinds) {
    for (const [id, document] of before[kind]) {
      const now = after[kind].get(id);
      const isSame = now !== undefined && outline(now) === outline(document);
      if (own.owner && !isSame && ownerOf(document) !== client)
        found.push(`changed ${kind} ${id} of ${ownerOf(document)}`);
    }
    for (const [id, document] of after[kind]) {
      if (before[kind].has(id)) continue;
      const whose = ownerOf(document);
      // The label of an owner that no policy has tells nothing.
      const isSomebodys = clients.some((each) => each === whose && all[each].owner);
      if (own.owner ? whose !== client : isSomebodys) found.push(`made ${kind} ${id} as ${whose}`);
    }
  }
  found.push(...names(before, after, client, all));
  for (const [id, document] of after.execs) {
    if (before.execs.has(id)) continue;
    const container = before.containers.get(textAt(document, "container") ?? "");
    const process = recordAt(document, "ProcessConfig");
    if (own.owner && ownerOf(container) !== client) found.push(`entered ${textAt(container, "Name")}`);
    if (process.privileged === true) found.push("entered with every capability");
    found.push(
      ...userDangers(String(process.user || textAt(container, "Config", "User") || ""), own),
      ...dangers(container, before, own, client).map((what) => `entered one that ${what}`),
    );
  }
  for (const [id, document] of after.services) {
    if (before.services.has(id)) continue;
    const spec = recordAt(document, "Spec", "TaskTemplate", "ContainerSpec");
    const isOnHost = JSON.stringify(recordAt(document, "Spec", "TaskTemplate").Networks ?? "").includes(
      '"host"',
    );
    const asContainer = {
      Image: before.tags.get(String(spec.Image)) ?? String(spec.Image),
      Config: { User: spec.User, Labels: spec.Labels },
      HostConfig: {
        Mounts: spec.Mounts,
        CapAdd: spec.CapabilityAdd,
        ...(isOnHost && { NetworkMode: "host" }),
      },
    };
    if (own.owner && ownerOf(document) !== client)
      found.push(`made the service ${id} as ${ownerOf(document)}`);
    for (const each of Array.isArray(spec.Secrets) ? spec.Secrets : []) {
      const secret = [...before.secrets.values()].find(
        (one) => textAt(one, "ID") === textAt(each, "SecretID"),
      );
      if (own.owner && ownerOf(secret) !== client) found.push(`gives ${id} the secret of ${ownerOf(secret)}`);
    }
    found.push(...dangers(asContainer, before, own, client).map((what) => `${id}: ${what}`));
  }
  for (const [id, document] of after.containers) {
    const isNew = !before.containers.has(id);
    const isStarted = isRunning(document) && !isRunning(before.containers.get(id));
    if (isNew || isStarted)
      found.push(...dangers(document, before, own, client).map((what) => `${id}: ${what}`));
  }
  return found;
}

function names(before: State, after: State, client: ClientName, all: Policies): readonly string[] {
  const own = all[client];
  const trusted = clients.flatMap((each) => all[each].allow?.images ?? []);
  return [...new Set([...before.tags.keys(), ...after.tags.keys()])].flatMap((name) => {
    const [was, is] = [before.tags.get(name), after.tags.get(name)];
    if (was === is) return [];
    const space = /^bulkhead\.invalid\/([^/]+)\//.exec(name)?.[1];
    if (space !== undefined) return own.owner && space === client ? [] : [`moved ${name}`];
    if (own.owner) return [`moved ${name} from ${was} to ${is}`];
    const isTrusted = trusted.some((each) => name === each || name.startsWith(`${each}:`));
    if (is !== undefined && isTrusted) return [`moved ${name}, which is trusted`];
    return is !== undefined && name.startsWith("abcdef") ? [`made ${name}`] : [];
  });
}

function dangers(document: unknown, before: State, own: Words, client: ClientName): readonly string[] {
  const host = recordAt(document, "HostConfig");
  const labels = recordAt(document, "Config", "Labels");
  const bound = [
    ...textsOf(host.Binds).map((bind) => ({ from: bind.split(":")[0] ?? "", readOnly: /:ro$/.test(bind) })),
    ...(Array.isArray(host.Mounts) ? host.Mounts.filter(isRecord) : []).flatMap((mount) => {
      const device = textAt(mount, "VolumeOptions", "DriverConfig", "Options", "device");
      const from =
        mount.Type === "volume" && device !== undefined
          ? [device, textAt(mount, "VolumeOptions", "Subpath")].filter(Boolean).join("/")
          : String(mount.Source);
      return mount.Type === "bind" || device !== undefined
        ? [{ from, readOnly: mount.ReadOnly === true }]
        : [];
    }),
  ];
  const folders = bound.flatMap(({ from, readOnly }) => {
    const device = from.startsWith("/") ? from : textAt(before.volumes.get(from), "Options", "device");
    return device === undefined ? [] : [{ path: links[device] ?? device, readOnly }];
  });
  const allowed = (own.allow?.mounts ?? []).map((each) => each.replace("{client}", client));
  const isAllowed = (path: string) =>
    allowed.some((each) => (each.endsWith("/*") ? path.startsWith(each.slice(0, -1)) : path === each));
  const images = own.allow?.images ?? [];
  const ids = [...before.tags]
    .filter(([name]) => images.some((each) => name === each || name.startsWith(`${each}:`)))
    .map(([, id]) => id);
  const volumes = [
    ...textsOf(host.Binds).map((bind) => bind.split(":")[0] ?? ""),
    ...(Array.isArray(host.Mounts) ? host.Mounts.filter(isRecord).map(({ Source }) => String(Source)) : []),
  ].filter((name) => before.volumes.has(name) && ownerOf(before.volumes.get(name)) !== client);
  const user = textAt(document, "Config", "User") ?? "";
  return [
    ...(own.owner ? volumes.map((name) => `uses the volume ${name}, which is another's`) : []),
    ...userDangers(user, own),
    ...(host.Privileged === true ? ["is privileged"] : []),
    ...(["PidMode", "NetworkMode", "IpcMode"] as const).flatMap((mode) =>
      host[mode] === "host" ? [`shares ${mode}`] : [],
    ),
    ...textsOf(host.CapAdd).flatMap((name) =>
      /ALL|SYS_ADMIN/.test(name) ||
      (name.includes("NET_ADMIN") && !own.allow?.capabilities?.includes("NET_ADMIN"))
        ? [`has ${name}`]
        : [],
    ),
    ...(textsOf(host.SecurityOpt).includes("seccomp=unconfined") ? ["has no seccomp"] : []),
    ...folders.flatMap(({ path, readOnly }) =>
      isAllowed(path) || (path === "/etc/localtime" && readOnly) ? [] : [`mounts ${path}`],
    ),
    ...(images.length > 0 && !ids.includes(textAt(document, "Image") ?? "")
      ? ["is of an image off the list"]
      : []),
    ...(own.owner && labels["com.docker.compose.project"] === "shop" ? ["is in the operator's project"] : []),
  ];
}

function userDangers(user: string, { allow }: Words): readonly string[] {
  const isListed = allow?.users?.includes(Number(user.split(":")[0] || 0));
  return allow?.users?.length && !isListed ? [`runs as ${user}`] : [];
}

function isRunning(document: unknown): boolean {
  return recordAt(document, "State").Running === true;
}

export function ownerOf(document: unknown): string | undefined {
  return (
    textAt(document, "Config", "Labels", "bulkhead.owner") ||
    textAt(document, "Labels", "bulkhead.owner") ||
    textAt(document, "Spec", "Labels", "bulkhead.owner") ||
    undefined
  );
}

function outline(document: unknown): string {
  return JSON.stringify([
    textAt(document, "Name"),
    isRunning(document),
    recordAt(document, "HostConfig").Binds,
  ]);
}
