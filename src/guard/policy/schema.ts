import * as z from "zod/mini";
import { defaultPids } from "../../fix/plan/limits.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import { allCapabilities } from "../../model/container/capability.ts";
import { isShutRoute, settableRules, shutRoutes } from "../judge/policy/rules.ts";
import { judgedControls } from "../judge/policy/treatment.ts";
import { routeGroups } from "../routes/route.ts";
import { routes } from "../routes/table.ts";
import { isAddress } from "./callers.ts";
import { presetNames } from "./presets/preset-names.ts";
import { minorOf } from "./versions.ts";

const word = z.enum(["allow", "deny"]);

const size = z
  .string()
  .check(z.refine((text) => (parseBytes(text) ?? 0) > 0, "is not a size: 512m or 1.5g is expected"));

const absolute = z.string().check(z.refine(isAbsolute, "is not an absolute path without . and .. segments"));

function isAbsolute(path: string): boolean {
  return path.startsWith("/") && path.split("/").every((segment) => segment !== "." && segment !== "..");
}

const text = z.string().check(z.minLength(1));

const capability = z.enum(["ALL", ...allCapabilities]);

const mount = z.union([
  absolute,
  z.strictObject({
    source: absolute,
    readOnly: z.optional(
      z.boolean().check(z.meta({ description: "Whether it may only be mounted read-only. Default: no." })),
    ),
    dangerous: z.optional(
      z.boolean().check(
        z.meta({
          description:
            "Whether it may be mounted although the controls find it dangerous, such as /etc or the Docker socket. Default: no.",
        }),
      ),
    ),
    as: z.optional(
      z
        .union([z.int().check(z.minimum(1)), z.string().check(z.regex(/^[1-9]\d{0,8}(?::[1-9]\d{0,8})?$/))])
        .check(
          z.meta({
            description:
              "The host's user, as an ID or as ID:GROUP, who owns what a container's root makes there; the container's other users are nobody on the host. Default: IDs are the same on both sides.",
          }),
        ),
    ),
  }),
]);

const allow = z.strictObject({
  mounts: z.optional(
    z.array(mount).check(
      z.meta({
        description:
          "Folders and files of the host that may be mounted: /srv/* for each folder in /srv, /srv/{client}/* for each folder in the one that has the client's name. /srv/** for all below. Clients of an API before 1.45 can mount none below one that containers can write. The controls still judge them. Default: time zones and public certificates, read-only.",
      }),
    ),
  ),
  images: z.optional(
    z.array(text).check(
      z.meta({
        description:
          "Images that containers may be made of, as references; * matches any characters, in a registry any but a slash. */app is app of any registry. Default: any.",
      }),
    ),
  ),
  capabilities: z.optional(
    z.array(capability).check(z.meta({ description: "Capabilities that may be added: NET_ADMIN." })),
  ),
  users: z.optional(
    z
      .array(
        z.union([
          z
            .string()
            .check(
              z.regex(/^(?:root|\d+)(?::\d+)?$/, "is not a user's number: 1000 or 1000:1000 is expected"),
            ),
          z.int().check(z.nonnegative("is not a user's number")),
        ]),
      )
      .check(
        z.meta({
          description:
            "Users that containers may run as, by number: 1000, 1000:1000. The image decides who a name is. Default: any.",
        }),
      ),
  ),
  networks: z.optional(
    z.array(text).check(z.meta({ description: "Networks that containers may join. Default: any." })),
  ),
  labels: z.optional(
    z.array(text).check(
      z.meta({
        description:
          "Labels that the client may set, by name or as NAME=VALUE: com.docker.compose.*. Default: any.",
      }),
    ),
  ),
  runtimes: z.optional(
    z.array(text).check(z.meta({ description: "Runtimes that may be asked for beside the Engine's own." })),
  ),
  devices: z.optional(
    z.array(absolute).check(z.meta({ description: "Devices of the host that may be given: /dev/dri/*." })),
  ),
  sysctls: z.optional(
    z.array(text).check(z.meta({ description: "Kernel parameters that may be set: net.core.somaxconn." })),
  ),
  logDrivers: z.optional(
    z.array(text).check(z.meta({ description: "Log drivers beside those that stay on the host: syslog." })),
  ),
  volumeDrivers: z.optional(z.array(text).check(z.meta({ description: "Volume drivers beside local." }))),
  registries: z.optional(
    z.array(text).check(
      z.meta({
        description: "Registries that images may be pulled from and pushed to: ghcr.io. Default: any.",
      }),
    ),
  ),
  names: z.optional(
    z.array(text).check(
      z.meta({
        description:
          "Image names that a client with an owner may make as they are, and push: registry.example.com/ci/*. Its other names live in a space of its own. Default: none.",
      }),
    ),
  ),
  frontends: z.optional(
    z
      .array(
        z
          .string()
          .check(z.regex(/@sha256:[0-9a-f]{64}$/, "has no digest: docker/dockerfile@sha256:… is expected")),
      )
      .check(
        z.meta({
          description:
            "BuildKit frontends that a Dockerfile may name with # syntax=, each by digest, for clients without an owner. Default: none; docker/dockerfile is built in.",
        }),
      ),
  ),
});

const aboveZero = "is not above 0";
const cpus = z.number().check(z.positive(aboveZero));
const pids = z.int().check(z.positive(aboveZero));

/** One limit: the value to set if a request has none, and optionally the highest one allowed. */
function bounds<T extends z.ZodMiniType<string | number>>(amount: T, description: string) {
  return z.optional(
    z
      .union([
        amount,
        z
          .strictObject({
            default: z.optional(
              amount.check(z.meta({ description: "What is set where there is no limit. Default: max." })),
            ),
            max: z.optional(
              amount.check(z.meta({ description: "The most that a container may ask for; more is denied." })),
            ),
          })
          .check(z.refine(isOrdered, "has a default that is above its max")),
      ])
      .check(z.meta({ description })),
  );
}

function isOrdered({
  default: usual,
  max,
}: {
  readonly default?: string | number | undefined;
  readonly max?: string | number | undefined;
}): boolean {
  return usual === undefined || max === undefined || amountOf(usual) <= amountOf(max);
}

function amountOf(value: string | number): number {
  return typeof value === "number" ? value : (parseBytes(value) ?? 0);
}

const limits = z.strictObject({
  memory: bounds(size, "The memory limit where there is none: 512m, or { default: 512m, max: 2g }."),
  cpus: bounds(cpus, "The CPUs where there is no cap: 1.5, or { default: 1, max: 4 }."),
  pids: bounds(
    pids,
    `The processes and threads where there is no limit: 500, or { default: 500, max: 4096 }. Default: ${defaultPids}.`,
  ),
});

const owner = z.union([
  z.boolean(),
  z.strictObject({
    label: z.string().check(z.regex(/^[\w.\-/]+$/, "is not a label's name")),
    value: z.optional(text),
  }),
]);

function atLeastOne(description: string) {
  return z.int().check(z.positive("is not above 0"), z.meta({ description }));
}

const policyWords = {
  mode: z.optional(
    z.enum(["enforce", "warn", "learn"]).check(
      z.meta({
        description:
          "enforce (default); warn lets through what it would deny, and says so; learn lets through, and writes the policy that it took.",
      }),
    ),
  ),
  preset: z.optional(
    z.enum(presetNames).check(z.meta({ description: "What a well-known tool needs, as a start." })),
  ),
  groups: z.optional(
    z
      .partialRecord(z.enum(routeGroups), word)
      .check(z.meta({ description: "Routes by what a client can do with them." })),
  ),
  routes: z.optional(
    z.partialRecord(z.enum(routes.map(({ id }) => id)), z.enum(["allow", "deny", "unjudged"])).check(
      z.refine(
        (words) => Object.entries(words).every(([id, said]) => said !== "unjudged" || isShutRoute(id)),
        `unjudged is for routes that a rule shuts as a whole: ${Object.keys(shutRoutes).join(", ")}`,
      ),
      z.meta({
        description:
          "Single routes, before the word of their group: container-logs. allow opens a route; unjudged also turns off the rule that shuts it as a whole (plugins, the swarm, services, secrets, searches, registry look-ups, tunnels).",
      }),
    ),
  ),
  controls: z.optional(
    z
      .partialRecord(
        z.enum(judgedControls.map(({ id }) => id)),
        z.enum(["deny", "harden", "harden-known", "off"]),
      )
      .check(
        z.meta({
          description:
            "What a control does: deny, harden, harden-known (only images whose needs are known) or off. The control's page says the default.",
        }),
      ),
  ),
  override: z.optional(
    z.enum(["replace", "deny"]).check(
      z.meta({
        description:
          "What becomes of something unsafe that the client says itself, under a control that hardens. Default: replace.",
      }),
    ),
  ),
  rules: z.optional(
    z
      .partialRecord(z.enum(settableRules.map(({ id }) => id)), word)
      .check(z.meta({ description: "The guard's own rules, by id: guard-image-push." })),
  ),
  allow: z.optional(allow.check(z.meta({ description: "Values that are let through." }))),
  limits: z.optional(limits.check(z.meta({ description: "Limits that hardening sets." }))),
  redact: z.optional(
    z.boolean().check(
      z.meta({
        description: "Whether values of environment variables and secrets in answers are blanked.",
      }),
    ),
  ),
  owner: z.optional(
    owner.check(
      z.meta({
        description:
          "A label that is put on what the client makes, and without which it sees and touches nothing. true is bulkhead.owner with the client's name.",
      }),
    ),
  ),
  traffic: z.optional(
    z
      .strictObject({
        connections: z.optional(atLeastOne("How many connections the client may have open. Default: 1000.")),
        concurrent: z.optional(
          atLeastOne("How many requests the client may have under way, streams included. Default: 256."),
        ),
        perSecond: z.optional(
          atLeastOne("How many requests the client may send each second. Default: any number."),
        ),
        burst: z.optional(
          atLeastOne("How many requests may come at once before perSecond counts. Default: perSecond."),
        ),
      })
      .check(z.meta({ description: "How much the client may ask; what is more gets status 429." })),
  ),
  versions: z.optional(
    z
      .strictObject({
        min: z.optional(
          z.union([z.string(), z.number()]).check(
            z.refine((word) => minorOf(word) !== undefined, 'is no API version from "1.24" to "1.54"'),
            z.meta({
              description: 'The oldest API version that the client may speak: "1.24". Default: 1.41.',
            }),
          ),
        ),
      })
      .check(z.meta({ description: "Versions of the Engine API." })),
  ),
  body: z.optional(
    z.strictObject({
      maxBytes: z.optional(
        size.check(z.meta({ description: "The largest JSON body that is read. Default: 4m." })),
      ),
      maxDepth: z.optional(
        z
          .int()
          .check(
            z.positive("is not above 0"),
            z.meta({ description: "How deep a JSON body may nest. Default: 64." }),
          ),
      ),
      maxItems: z.optional(
        z
          .int()
          .check(
            z.positive("is not above 0"),
            z.meta({ description: "How many items any one list or map of a body may have. Default: 256." }),
          ),
      ),
    }),
  ),
};

const address = z
  .string()
  .check(
    z.regex(
      /^(unix:\/\/\/[^,\s]+|tcp:\/\/[^,\s]*:\d+)(,[a-z]+(=[^,\s]*)?)*$/,
      "is not an address: unix:///run/bulkhead/ci.sock,mode=0660 or tcp://127.0.0.1:2375,plain is expected",
    ),
  );

const callers = {
  from: z.optional(
    z
      .array(
        z
          .string()
          .check(z.refine(isAddress, "is not an address or network: 192.0.2.7 or 10.1.0.0/16 is expected")),
      )
      .check(
        z.meta({
          description:
            "Addresses on TCP listeners from which this client comes; anyone who comes from elsewhere is not this client.",
        }),
      ),
  ),
  fromLabels: z.optional(
    z.array(z.string().check(z.regex(/^[^=\s]+=.+$/, "is not a label: team=ci is expected"))).check(
      z.meta({
        description:
          "Labels of the container that calls, by its address on the Engine's networks: team=ci. It must have all of them.",
      }),
    ),
  ),
};

const client = z.strictObject({
  ...callers,
  listen: z.optional(
    z.union([address, z.array(address)]).check(
      z.meta({
        description:
          "Who comes in there is this client: unix:///run/bulkhead/ci.sock,mode=0660, as --listen takes it.",
      }),
    ),
  ),
  certificates: z.optional(
    z
      .array(text)
      .check(z.meta({ description: "Common names of TLS client certificates that are this client." })),
  ),
  ...policyWords,
});

/** The section `guard` of bulkhead.yaml. */
export const guardSchema = z.strictObject({
  ...policyWords,
  clients: z.optional(
    z
      .record(
        z
          .string()
          .check(z.regex(/^[\w][\w.-]*$/, "is not a client's name: letters, digits, dots and dashes")),
        client,
      )
      .check(z.meta({ description: "Clients, each with its own policy." })),
  ),
});

export type GuardWords = z.infer<typeof guardSchema>;
export type ClientWords = z.infer<typeof client>;
export type PolicyWords = Omit<GuardWords, "clients">;
