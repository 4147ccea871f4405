import type { Bundles } from "../../fix/bundle/bundle.ts";
import { askedLabel } from "../judge/container/folders.ts";
import { spaceOf } from "../judge/image/space.ts";
import { routes } from "../routes/table.ts";
import type { Callers } from "./callers.ts";
import { defaultPolicy } from "./defaults.ts";
import { layer, limitsOf } from "./layer.ts";
import type { MountRule, Policy } from "./policy.ts";
import { withPreset } from "./presets/preset.ts";
import type { PresetName } from "./presets/preset-names.ts";
import type { ClientWords, GuardWords, PolicyWords } from "./schema.ts";
import { type SocketProxy, socketProxy } from "./socket-proxy.ts";

/** A client that the guard recognises by its listener or its certificate. */
export interface Client {
  readonly name: string;
  readonly policy: Policy;
  /** Its own addresses: `unix:///run/bulkhead/ci.sock`. */
  readonly listen: readonly string[];
  /** Common names of its TLS certificates. */
  readonly certificates: readonly string[];
  readonly callers?: Callers;
}

export interface Policies {
  /** For everyone who is not one of the clients. */
  readonly default: Policy;
  readonly clients: readonly Client[];
  /** What the variables of docker-socket-proxy say, where that preset was taken. */
  readonly socketProxy: SocketProxy | undefined;
}

export interface PolicySources {
  /** bulkhead.yaml, read and checked. */
  readonly config: {
    readonly guard?: GuardWords | undefined;
    readonly fix?: { readonly limits?: GuardWords["limits"] } | undefined;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--preset`: before what bulkhead.yaml says for all. */
  readonly preset?: PresetName | undefined;
  /** `--listen`: where the others come in. */
  readonly listen?: readonly string[] | undefined;
  /** What bundles show of images. */
  readonly bundles?: Bundles | undefined;
  /** `--mode`: before all. */
  readonly mode?: Policy["mode"] | undefined;
}

/**
 * Every client's policy: the defaults, what `guard` says for all, the preset, what the client says itself; the later word
 * counts. A preset says whole which routes are open.
 */
export function loadPolicies({
  config,
  environment,
  preset,
  listen = [],
  bundles,
  mode,
}: PolicySources): Policies {
  const { clients = {}, ...words } = config.guard ?? {};
  const basis = { ...defaultPolicy, limits: { ...defaultPolicy.limits, ...limitsOf(config.fix?.limits) } };
  const common = layer(basis, words, config.guard ? "bulkhead.yaml" : basis.name, "default");
  let proxy: SocketProxy | undefined;
  const under = (below: Policy, name: PresetName, client: string): Policy => {
    if (name !== "docker-socket-proxy") return withPreset(below, name, client);
    proxy = socketProxy(below, environment, routes);
    return proxy.policy;
  };
  const chosen = preset ?? words.preset;
  const own = chosen === undefined ? common : over(under(basis, chosen, "default"), words, "default");
  const ownOf = (
    name: string,
    { listen: _, certificates: __, from: ___, fromLabels: ____, ...said }: ClientWords,
  ): Policy => {
    const below = said.preset === undefined ? own : under(common, said.preset, name);
    return layer(below, withOwner(said, below), `bulkhead.yaml client ${name}`, name);
  };
  const forced = (policy: Policy, client: string): Policy => ({
    ...policy,
    ...(mode !== undefined && { mode }),
    allow: { ...policy.allow, mounts: policy.allow.mounts.map((rule) => mountOf(rule, client)) },
  });
  const named = listen.map((text) => ({ text, client: /,client=([^,]*)/.exec(text)?.[1] }));
  const at = (policy: Policy, addresses: readonly string[], client?: string): Policy => ({
    ...policy,
    ownSockets: [
      ...addresses,
      ...named.flatMap((each) => (each.client === client ? [each.text] : [])),
    ].flatMap((text) => /^unix:\/\/([^,]+)/.exec(text)?.[1] ?? []),
  });
  const all = Object.entries(clients).map(([name, client]) => ({
    name,
    policy: at(forced(ownOf(name, client), name), [client.listen ?? []].flat(), name),
    listen: [client.listen ?? []].flat(),
    certificates: client.certificates ?? [],
    callers: {
      ...(client.from && { from: client.from }),
      ...(client.fromLabels && { fromLabels: client.fromLabels }),
    },
  }));
  const others = at(forced(own, "default"), []);
  const everyone = [others, ...all.map(({ policy }) => policy)];
  const reservedLabels = [
    askedLabel,
    ...all.flatMap(({ callers }) => callers.fromLabels ?? []),
    ...new Set(everyone.flatMap(({ owner }) => owner?.label ?? [])),
  ];
  const writableMounts = everyone.flatMap(({ allow }) => allow.mounts).filter(({ readOnly }) => !readOnly);
  const trustedImages = everyone.flatMap(({ allow }) => allow.images);
  const among = (policy: Policy): Policy => ({
    ...policy,
    writableMounts,
    reservedLabels,
    trustedImages,
    ...(bundles && { bundles }),
    ...(policy.owner && { space: spaceOf(policy.owner) }),
  });
  return {
    default: among(others),
    clients: all.map((client) => ({ ...client, policy: among(client.policy) })),
    socketProxy: proxy,
  };
}

/** `/srv/{client}/*`: a folder for each client. */
function mountOf(rule: MountRule, client: string): MountRule {
  return { ...rule, source: rule.source.replaceAll("{client}", client) };
}

function over(below: Policy, words: PolicyWords, client: string): Policy {
  return layer(below, words, below.name, client);
}

/** An owner label without a value gets the client's name. */
function withOwner(words: PolicyWords, below: Policy): PolicyWords {
  if (words.owner !== undefined || below.owner?.value !== "default") return words;
  return { ...words, owner: { label: below.owner.label } };
}

/** The client that a certificate's common name means. */
export function clientOfCertificate({ clients }: Policies, commonName: string): Client | undefined {
  return clients.find(({ certificates }) => certificates.includes(commonName));
}
