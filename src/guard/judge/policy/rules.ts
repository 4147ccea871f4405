import type { Policy } from "../../policy/policy.ts";
import type { Allowance, Reason } from "../result.ts";

/** A rule of the guard's own, for what no control covers. */
export interface GuardRule {
  /** Stable, kebab-case, `guard-…`: the public name. */
  readonly id: string;
  readonly title: string;
  /** What a client does with it. */
  readonly why: string;
  /** Where the policy does not name it; `always` denies, and no policy can name it: nothing could be judged without it. */
  readonly default: "allow" | "deny" | "always";
}

/** In the order in which they are listed. */
export const guardRules = [
  {
    id: "guard-route",
    title: "A route that the policy closes",
    why: "Each route of the Engine API belongs to a group by what a client can do with it, and the policy opens or closes groups and single routes.",
    default: "always",
  },
  {
    id: "guard-missing",
    title: "A name that nothing has",
    why: "The guard cannot judge what does not exist. If it appeared a moment later, nothing would have judged it. The client gets 404, as from the Engine; for a create request only if the image is missing.",
    default: "always",
  },
  {
    id: "guard-unknown",
    title: "Something that the Engine did not answer",
    why: "If a decision depends on something that the Engine did not answer, the guard assumes the worst.",
    default: "always",
  },
  {
    id: "guard-owner",
    title: "Another client's object",
    why: "Under a policy with an owner's label, a client sees and touches only objects with that label. For every other object the guard answers as if it did not exist.",
    default: "always",
  },
  {
    id: "guard-owner-label",
    title: "The owner's label set by the client",
    why: "The label says who owns an object, so only the guard sets it. A client that could set it would give its containers to another client, or take part in another's.",
    default: "always",
  },
  {
    id: "guard-override",
    title: "Something unsafe that was asked for explicitly",
    why: "Under `override: deny`, the guard refuses what it would otherwise replace. So no container differs from what its client asked for.",
    default: "deny",
  },
  {
    id: "guard-harden",
    title: "A request that hardening cannot be written into",
    why: "If the guard cannot write a change into the request, the container would start without it.",
    default: "always",
  },
  {
    id: "guard-image",
    title: "An image that is not on the list",
    why: "If the policy lists images, containers, services and pulls can use only those.",
    default: "deny",
  },
  {
    id: "guard-registry",
    title: "A registry that is not on the list",
    why: "If the policy lists registries, images can be pulled from and pushed to only those.",
    default: "deny",
  },
  {
    id: "guard-user",
    title: "A user that is not on the list",
    why: "If the policy lists users, containers and their commands can run only as those.",
    default: "deny",
  },
  {
    id: "guard-network",
    title: "A network that is not on the list",
    why: "If the policy lists networks, containers can join only those.",
    default: "deny",
  },
  {
    id: "guard-label",
    title: "A label that is not on the list",
    why: "If the policy lists labels, containers (through their image, too), volumes, networks, services and images can have only those. Tools obey labels: Traefik publishes ports by them, others run commands.",
    default: "deny",
  },
  {
    id: "guard-bind-mount",
    title: "A folder of the host that is not on the list",
    why: "No list of dangerous places is complete: /usr/local, a plugin folder or a person's .bashrc all lead to root. Only the folders in allow.mounts can be mounted, plus time zones and public certificates read-only. Within the list the controls still judge each mount.",
    default: "deny",
  },
  {
    id: "guard-blind",
    title: "A folder of the host whose links the guard cannot see",
    why: "A link inside an allowed folder can lead to /etc or to the Engine's socket. A guard that does not see the host's files (in a container without `--host-root`, or before an Engine on another machine) denies every folder of the host.",
    default: "deny",
  },
  {
    id: "guard-writable-path",
    title: "A folder of the host below one that containers can write",
    why: "A container that can write to /srv replaces /srv/app by a link to /etc. dockerd follows the link when it starts a container that mounts /srv/app: at `docker start`, by a restart policy, or when dockerd itself restarts. The proxy mounts it by a volume and a subpath where the API has these (1.45), and this rule is for older ones and the plugin.",
    default: "deny",
  },
  {
    id: "guard-host-file",
    title: "A file in a folder of the host that gives a user of the host more rights",
    why: "A container's root that can write to a folder of the host leaves a setuid program, a device node or a file with capabilities in it, and a user of the host who runs or opens it is root. The proxy keeps containers from leaving one; allow.mounts can say how (`as`).",
    default: "deny",
  },
  {
    id: "guard-own-files",
    title: "The guard's own files",
    why: "Anyone who mounts the guard's listeners, policy, certificates, log or program becomes another client, or changes what the guard allows. A client can mount its own listener, if allow.mounts names it.",
    default: "always",
  },
  {
    id: "guard-mount-type",
    title: "A mount that is neither bind, volume, tmpfs nor image",
    why: "Plugins and the host provide cluster volumes and Windows pipes. No control knows what these reach.",
    default: "deny",
  },
  {
    id: "guard-limit",
    title: "More than the policy's maximum",
    why: "limits.memory.max and its siblings say what a container may have at most. One container with all of the memory starves its neighbours, whether it asked for much or for no limit.",
    default: "deny",
  },
  {
    id: "guard-leash",
    title: "More than a leash has left",
    why: "Only under `bulkhead guard run`: what the command's containers have together must fit into its budget, and their ports are published on the loopback address.",
    default: "always",
  },
  {
    id: "guard-cgroup",
    title: "Another cgroup than its own",
    why: "HostConfig.Cgroup joins another container's cgroup, and CgroupParent can name the cgroup of the host's services. The container then shares their limits, and can use them up.",
    default: "deny",
  },
  {
    id: "guard-exec-privileged",
    title: "A privileged exec",
    why: "`docker exec --privileged` gives a process every capability and device in a container that passed without them, and inspect does not show it.",
    default: "deny",
  },
  {
    id: "guard-exec-root",
    title: "An exec as root in a container that runs as another user",
    why: "`docker exec -u 0` is root in a container that was made to run as another user. The rule is off by default, because people debug containers that way. no-new-privileges and dropped capabilities hold for the command too.",
    default: "allow",
  },
  {
    id: "guard-unsafe-container",
    title: "A container that the policy would not have made",
    why: "A client that can start, enter or copy into a container made elsewhere has everything that container has. A privileged one is the host.",
    default: "deny",
  },
  {
    id: "guard-name",
    title: "A container named like another's id",
    why: "The Engine looks for names before it looks for short ids. A container named 4f2a91c03b7e gets the commands that are meant for the one with that id.",
    default: "deny",
  },
  {
    id: "guard-process-options",
    title: "Options of ps that can show environments",
    why: "Under a policy that redacts, `docker top web eww` would show the variables that inspect blanks.",
    default: "deny",
  },
  {
    id: "guard-update",
    title: "An update that loosens limits",
    why: "`docker update --pids-limit -1` takes away what the guard put there when the container was made.",
    default: "deny",
  },
  {
    id: "guard-checkpoint",
    title: "Checkpoints",
    why: "Docker restores a checkpoint with the processes, capabilities and namespaces in its files, from a folder that the client names.",
    default: "deny",
  },
  {
    id: "guard-commit",
    title: "An image made of a container",
    why: "`docker commit` makes an image under a name that others may start. No build shows its content, user or entry point.",
    default: "deny",
  },
  {
    id: "guard-image-load",
    title: "An image from an archive",
    why: "`docker load` creates images under the names in the archive, and replaces existing images of these names.",
    default: "deny",
  },
  {
    id: "guard-image-import",
    title: "An image from a file or an address",
    why: "`docker import` makes an image of any archive, and with an address makes dockerd fetch it from the host's network.",
    default: "deny",
  },
  {
    id: "guard-image-tag",
    title: "A name put over another image",
    why: "A client that tags its own image as `nginx:1.27` gets it started wherever that name is used.",
    default: "deny",
  },
  {
    id: "guard-image-push",
    title: "A push to a registry",
    why: "A push sends images, with everything in them, to an address that the client chooses.",
    default: "deny",
  },
  {
    id: "guard-outgoing",
    title: "A connection of the Engine's own",
    why: "auth, search, distribution and remote build contexts make dockerd connect to an address that the client chooses, from the host's network and with credentials.",
    default: "deny",
  },
  {
    id: "guard-build-network",
    title: "A build on the host's network or in a container's",
    why: "RUN in a build on the host's network reaches every service of the host that trusts its loopback address. No control judges a build's containers later.",
    default: "deny",
  },
  {
    id: "guard-build-privilege",
    title: "A build with more than a container has",
    why: "Security options, a cgroup parent, an isolation and BuildKit's entitlements loosen the sandbox of RUN.",
    default: "deny",
  },
  {
    id: "guard-build-output",
    title: "A build that writes outside of the image store",
    why: "BuildKit's outputs write files to a path that the client chooses.",
    default: "deny",
  },
  {
    id: "guard-build-archive",
    title: "A build whose Dockerfile the guard cannot read",
    why: "The guard reads the Dockerfile that a BuildKit session sends, alone or in an archive. Of the classic builder it reads the archive where allow.images or allow.registries list images. It cannot read a context from an address, a Dockerfile that is a link, or an archive that is compressed by anything but gzip.",
    default: "deny",
  },
  {
    id: "guard-build-frontend",
    title: "A build with a frontend other than the built-in one",
    why: "`# syntax=` and BuildKit's gateway run an image that reads the Dockerfile and can give the Engine any step. The guard makes BuildKit read every Dockerfile with its built-in frontend, also one that names docker/dockerfile, since a tag can lead to any image. Others run only if `allow.frontends` names them by digest, and never under an owner.",
    default: "deny",
  },
  {
    id: "guard-build-definition",
    title: "A build of ready-made steps",
    why: "A client can send BuildKit ready-made build steps, or a source policy that replaces one source with another. No Dockerfile shows these.",
    default: "deny",
  },
  {
    id: "guard-build-cache",
    title: "A build that shares its cache with others",
    why: "Each owner has cached steps and cache mounts that no other client's build finds. A client that names another's space, or imports a cache, which declares its own results, would choose what another's build gets. If you allow it, owners share the cache.",
    default: "deny",
  },
  {
    id: "guard-build-secret",
    title: "A build that is given secrets or an SSH agent",
    why: "They go from the client's session to its own build only. Deny this if builds must not hold any.",
    default: "allow",
  },
  {
    id: "guard-buildkit",
    title: "A call of BuildKit that is not understood",
    why: "The guard parses `/session` and `/grpc`, and refuses each call, message and attribute that it does not know. It also refuses a session or build that another client began, and a build by `/build` in a session.",
    default: "deny",
  },
  {
    id: "guard-tunnel",
    title: "A tunnel into the Engine",
    why: "An authorization plugin does not see the calls inside `/session` and `/grpc`. The proxy sees and judges each one.",
    default: "deny",
  },
  {
    id: "guard-plugin",
    title: "A plugin of the Engine",
    why: "A plugin runs as root beside dockerd with the mounts, devices and capabilities that it asks for.",
    default: "deny",
  },
  {
    id: "guard-swarm",
    title: "The swarm",
    why: "Joining a swarm gives the Engine to that swarm's managers. Initialising one opens ports. An unlock key is a secret.",
    default: "deny",
  },
  {
    id: "guard-service",
    title: "A service or its change",
    why: "The swarm makes a service's containers on any node, past the guard. If you allow services, the guard judges their containers like created ones, but does not harden them.",
    default: "deny",
  },
  {
    id: "guard-secret",
    title: "Secrets and configs",
    why: "Anyone who can put a secret or config into a service can read it.",
    default: "deny",
  },
  {
    id: "guard-hidden-form",
    title: "A body that a plugin of dockerd cannot tell from a form",
    why: "Only in the authorization plugin: dockerd shows it the last of two Content-Type headers but uses the first. A form in the body then overrides the query that the plugin judged.",
    default: "deny",
  },
  {
    id: "guard-answer",
    title: "An answer that a plugin of dockerd cannot blank",
    why: "Only in the authorization plugin: it sees answers but cannot change them. So it denies them under a policy that redacts, or that narrows lists to an owner.",
    default: "deny",
  },
] as const satisfies readonly GuardRule[];

export type GuardRuleId = (typeof guardRules)[number]["id"];

/**
 * Controls that the guard reads more strictly than an audit: what nobody knows to be harmless is denied. Checks of the guard's own
 * judge these settings wherever a request has them, and `controls` of the policy opens them.
 */
export const strictControls = [
  "volume-options",
  "supplementary-groups",
  "unsafe-sysctl",
  "remote-log-driver",
  "custom-profile",
  "network-options",
  "endpoint-option",
  "runtime-annotation",
] as const;

type StrictControlId = (typeof strictControls)[number];

export function isStrict(rule: string): rule is StrictControlId {
  return (strictControls as readonly string[]).includes(rule);
}

/** Those that a policy may name. */
export const settableRules = guardRules.filter(({ default: word }) => word !== "always");

const defaults: ReadonlyMap<string, GuardRule["default"]> = new Map(
  guardRules.map(({ id, default: word }) => [id, word]),
);

/** Whether the policy lets pass what the rule or control is about; if it does not name a rule, the rule's default counts. */
export function isAllowed(policy: Policy, rule: GuardRuleId | StrictControlId): boolean {
  if (isStrict(rule)) return !policy.controls.deny.has(rule);
  return (policy.rules[rule] ?? defaults.get(rule)) === "allow";
}

/** The reason not to, where the rule denies: none, or one. `allow` is what the policy would say to let just this pass. */
export function against(
  policy: Policy,
  rule: GuardRuleId | StrictControlId,
  message: string,
  allow: Allowance = { list: isStrict(rule) ? "controls" : "rules", value: rule },
): readonly Reason[] {
  return isAllowed(policy, rule) ? [] : [{ rule, message, allow }];
}

/** Routes that a rule shuts as a whole, whatever the request says: `unjudged` of a policy turns the rule off for one of them. */
export const shutRoutes = {
  "plugin-privileges": "guard-plugin",
  "plugin-pull": "guard-plugin",
  "plugin-upgrade": "guard-plugin",
  "plugin-create": "guard-plugin",
  "plugin-push": "guard-plugin",
  "plugin-set": "guard-plugin",
  "plugin-enable": "guard-plugin",
  "plugin-disable": "guard-plugin",
  "plugin-delete": "guard-plugin",
  "volume-update": "guard-swarm",
  "swarm-inspect": "guard-swarm",
  "swarm-unlock-key": "guard-swarm",
  "swarm-init": "guard-swarm",
  "swarm-join": "guard-swarm",
  "swarm-leave": "guard-swarm",
  "swarm-update": "guard-swarm",
  "swarm-unlock": "guard-swarm",
  "node-update": "guard-swarm",
  "node-delete": "guard-swarm",
  "service-create": "guard-service",
  "service-update": "guard-service",
  "secret-create": "guard-secret",
  "secret-update": "guard-secret",
  "secret-delete": "guard-secret",
  "config-create": "guard-secret",
  "config-update": "guard-secret",
  "config-delete": "guard-secret",
  "image-search": "guard-outgoing",
  "distribution-inspect": "guard-outgoing",
  session: "guard-tunnel",
  grpc: "guard-tunnel",
} as const satisfies Readonly<Record<string, GuardRuleId>>;

export type ShutRoute = keyof typeof shutRoutes;

export function isShutRoute(id: string): id is ShutRoute {
  return Object.hasOwn(shutRoutes, id);
}

/** Why a route is shut that a rule shuts as a whole; none where the policy turns that rule off, for all of it or for this route. */
export function shut(route: ShutRoute, policy: Policy, message: string): readonly Reason[] {
  if (policy.routes[route] === "unjudged") return [];
  return against(policy, shutRoutes[route], `${message} (${route})`, { list: "unjudged", value: route });
}
