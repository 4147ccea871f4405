import type { Bundles } from "../../fix/bundle/bundle.ts";
import type { Limits } from "../../fix/plan/limits.ts";
import type { JsonLimits } from "../json/parse.ts";
import type { RouteGroup } from "../routes/route.ts";

/** `unjudged` opens a route and turns off the rule that shuts it as a whole; `allow` only opens it. */
export type RouteWord = "allow" | "deny" | "unjudged";

/** What one client may do: everything that a decision asks of the policy, with its defaults filled in. */
export interface Policy {
  /** For the log: `default`, `preset traefik`, `bulkhead.yaml client ci`. */
  readonly name: string;
  /** `warn` lets through what it would deny, and says so; `learn` lets through, and gathers the policy that it took. */
  readonly mode: "enforce" | "warn" | "learn";
  readonly groups: Readonly<Record<RouteGroup, "allow" | "deny">>;
  /** By route id; before the group's word. */
  readonly routes: Readonly<Record<string, RouteWord>>;
  readonly controls: {
    /** Ids whose failure denies. */
    readonly deny: ReadonlySet<string>;
    /** Ids whose remedy is made. */
    readonly harden: ReadonlySet<string>;
    /**
     * Of those, the ones whose remedy is made also where nothing is known of what the image needs: capabilities-drop,
     * read-only-rootfs and root-user break many an image, and are else made for those alone whose needs are known.
     */
    readonly hardenUnknown?: ReadonlySet<string>;
  };
  /** What runs have shown images to need. */
  readonly bundles?: Bundles;
  /** What becomes of something unsafe that the client said explicitly, under a control that hardens. */
  readonly override: "replace" | "deny";
  /** The guard's own rules, by id; those not named deny. */
  readonly rules: Readonly<Record<string, "allow" | "deny">>;
  readonly allow: {
    /** Bind sources, absolute; `/srv/**`, `*` within a segment. No other folder of the host is mounted. */
    readonly mounts: readonly MountRule[];
    /** References or patterns with `*`; empty is any. A digest pins. */
    readonly images: readonly string[];
    readonly capabilities: readonly string[];
    /** `1000`, `1000:1000`, `root`; empty is any that the controls allow. */
    readonly users: readonly string[];
    readonly networks: readonly string[];
    /** Names or `NAME=VALUE` of labels that a client may set, with `*`; empty is any. */
    readonly labels: readonly string[];
    readonly runtimes: readonly string[];
    readonly devices: readonly string[];
    readonly sysctls: readonly string[];
    readonly logDrivers: readonly string[];
    readonly volumeDrivers: readonly string[];
    /** Registries that an image may be pulled from or pushed to; empty is any. */
    readonly registries: readonly string[];
    /** References or patterns that a client with an owner may make as they are, and push; others live in its own space. */
    readonly names: readonly string[];
    /** Images of BuildKit frontends, by digest; Docker's own is built in and needs none. */
    readonly frontends: readonly string[];
  };
  /** What containers of any client may mount writable; without it what `allow.mounts` of this one says. */
  readonly writableMounts?: readonly MountRule[];
  /** The folders of `allow.mounts` that are mounted as volumes of the guard's; only the proxy can send a bind as one. */
  readonly folders?: HostFolders;
  /** Labels by which the guard tells callers apart, `team=ci`, and those of all owners, `bulkhead.owner`: no client may set them. */
  readonly reservedLabels?: readonly string[];
  /** What `allow.images` of any client names: no client may give these names to another image. */
  readonly trustedImages?: readonly string[];
  /** Where the names that the client makes begin, `bulkhead.invalid/ci/`; only the proxy can keep them apart. */
  readonly space?: string;
  /** Where the names of its containers, networks, volumes and labels begin; only a leash has it, and only the proxy can keep them apart. */
  readonly prefix?: string;
  /** Paths of the unix sockets where this client comes in: it may mount them if `allow.mounts` names them. */
  readonly ownSockets?: readonly string[];
  readonly limits: Limits;
  /** Upper limits for every container. */
  readonly maxima?: Maxima;
  /** Whether values of environment variables, and secrets in what the Engine answers, are blanked. */
  readonly redact: boolean;
  /** A label that the guard puts on what the client makes, and without which the client sees and touches nothing. */
  readonly owner: { readonly label: string; readonly value: string } | undefined;
  /** What the client may have under way; a rate only where somebody says one. */
  readonly traffic: {
    readonly connections: number;
    readonly concurrent: number;
    readonly perSecond?: number;
    readonly burst?: number;
  };
  /** The oldest minor version of API 1 that the client may speak; without it the oldest of the table of routes. */
  readonly versions?: { readonly min: number };
  /** What a JSON body may have: bytes, levels, and items in any one list or map. */
  readonly body: JsonLimits;
}

/** Memory in bytes. */
export interface Maxima {
  readonly memory?: number;
  readonly cpus?: number;
  readonly pids?: number;
}

/** A user of the host. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export interface MountRule {
  readonly source: string;
  readonly readOnly: boolean;
  /** Who owns on the host what a container's root makes there. */
  readonly as?: Ids;
  /** Whether it may be mounted although a control finds it dangerous: `/etc`, the Engine's socket. */
  readonly dangerous?: boolean;
}

/**
 * A folder of `allow.mounts` as a volume of the guard's. A bind below it is sent as this volume with a subpath, which dockerd opens
 * part by part beneath the volume: no link, and nobody who swaps a part of the path, leads it out of the folder.
 */
export interface HostFolder {
  /** Whether the device shows what a container's root makes as the caller's, so that it gives nobody the rights of another. */
  readonly isMapped: boolean;
  /** On the host, without patterns: `/srv` of `/srv/**`. */
  readonly root: string;
  /** The volume's name. */
  readonly volume: string;
  /** What dockerd mounts as the volume. */
  readonly device: string;
  /** Whether the device means the same folder when the guard has ended, so that dockerd may start a container by itself. */
  readonly lasts: boolean;
  /** Whether only root can put another folder in the place of one on its path. */
  readonly isFirm: boolean;
}

/** Those of all clients. */
export interface HostFolders {
  /** `user`: the container's, as it was asked for. */
  at(rule: MountRule, user?: string): HostFolder | undefined;
  named(volume: string): HostFolder | undefined;
  /** Why it is not held, where its path may lead elsewhere. */
  refused(root: string): string | undefined;
}
