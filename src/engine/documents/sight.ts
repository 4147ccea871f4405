import { itemsOf, textAt } from "../../base/json.ts";
import { readEnvironment, readHealthcheck, readWords } from "../../formats/create-request/config.ts";
import { readCredentials } from "../../formats/create-request/credentials.ts";
import { documentAt, entriesFact, field, stringFact } from "../../formats/create-request/json.ts";
import { type Fact, type FactList, set, unseen } from "../../model/fact.ts";
import type { ApiSince } from "../../model/facts/row.ts";
import { type Image, image } from "../../model/image.ts";
import {
  type EngineFact,
  type FactsReadBy,
  type ImageFact,
  type Sight,
  unseenIn,
} from "../../model/sight.ts";

const untold = { unseen: "the Engine's API does not tell it" } as const;

/** Each fact with the version of the API since which its answers show it; `never`: its host shows it, see `withConfiguration`. */
type ApiSight<F extends string> = Readonly<Record<F, ApiSince | Exclude<Sight, "read">>>;

/** What the Engine's API tells of the Engine. What its host shows beside that is joined later. */
export const engineSight = {
  product: { since: 35 },
  version: { since: 0 },
  // SecurityOptions of /info.
  rootless: { since: 40 },
  rootOwner: { since: 40 },
  limitsNotInForce: { since: 40 },
  rootlessHost: { since: 40 },
  usernsRemap: { since: 25 },
  // Docker 24; what Docker 20.10 and 23 leave out, their command line and daemon.json say.
  noNewPrivileges: { since: 43 },
  seccompProfile: { since: 25 },
  seccompAllowsAll: { unseen: "only the file of the seccomp profile says what it allows" },
  seccompOpens: { unseen: "only the file of the seccomp profile says what it allows" },
  absentModules: { since: "never" },
  seccompSupported: { since: 24 },
  kernelLsm: { since: "never" },
  apparmorEnabled: { since: 24 },
  selinuxEnabled: { since: 24 },
  selinuxMode: { since: "never" },
  storageDriver: { since: 11 },
  backingFilesystem: { since: 16 },
  storageQuotaSupported: { since: 16 },
  logDriver: { since: 32 },
  icc: { since: 21 },
  liveRestore: { since: 32 },
  swarmActive: { since: 32 },
  cgroupVersion: { since: 41 },
  cgroupParent: untold,
  defaultCgroupnsMode: untold,
  defaultIpcMode: untold,
  memoryTotal: { since: 16 },
  cpus: { since: 16 },
  swapTotal: untold,
  kernelVersion: { since: 3 },
  dataRoot: { since: 16 },
  defaultRuntime: { since: 32 },
  listenAddresses: { since: 39 },
  socketFiles: { unseen: "no unix socket of this engine is visible from here" },
  units: { unseen: "the units of this engine's host are not visible from here" },
  kernelPrograms: { unseen: "the kernel settings of this engine's host are not visible from here" },
  storageOptions: { since: "never" },
  furtherOptions: { since: "never" },
  credentials: { unseen: "the Engine hides the passwords of its proxies, and tells no log options" },
  logOptions: { since: "never" },
  defaultUlimits: { since: "never" },
  insecureRegistries: { since: 18 },
  authorizationPlugins: { since: 32 },
  components: { since: 35 },
} as const satisfies ApiSight<EngineFact>;

const ofBuild = { unseen: "the Engine does not show the Dockerfile of an image" } as const;

/** What the Engine's API tells of an image. */
export const imageSight = {
  user: { since: 0 },
  base: ofBuild,
  // What the base sets, the image has.
  baseUser: "default",
  healthcheck: { since: 24 },
  references: ofBuild,
  environment: { since: 0 },
  buildArguments: ofBuild,
  sudoCommands: ofBuild,
  setuidCommands: ofBuild,
  exposedPorts: { since: 6 },
  history: { since: 0 },
  entrypoint: { since: 15 },
  command: { since: 0 },
  workingDirectories: { since: 4 },
  builderLayers: ofBuild,
  contextSecrets: ofBuild,
  credentials: { since: 0 },
} as const satisfies ApiSight<ImageFact>;

const unseenFacts = unseenIn<Image>(imageSight);

/**
 * An image as `GET /images/NAME/json` shows it, as configured. Origins point into that document, those of `history`
 * into `GET /images/NAME/history`.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Image/operation/ImageInspect
 */
export function imageFromInspect(document: unknown, history?: unknown): Image {
  const config = field(documentAt(document, ""), "Config");
  const facts: FactsReadBy<typeof imageSight, Image> = {
    user: stringFact(field(config, "User")),
    healthcheck: readHealthcheck(config),
    environment: readEnvironment(config),
    exposedPorts: entriesFact(field(config, "ExposedPorts"), (port, { pointer }) => [set(port, { pointer })]),
    history: historyOf(history),
    entrypoint: readWords(config, "Entrypoint"),
    command: readWords(config, "Cmd"),
    workingDirectories: textItems(stringFact(field(config, "WorkingDir"))),
    credentials: readCredentials(config),
  };
  return image("configured", { ...unseenFacts, ...facts });
}

/** `GET /images/NAME/history`: what made each layer. A layer of another machine's build may say nothing. */
function historyOf(history: unknown): FactList<string> {
  if (history === undefined) return [unseen("the image's history was not read")];
  return itemsOf(history).flatMap((layer, index) => {
    const command = textAt(layer, "CreatedBy") ?? "";
    return command === "" ? [] : [set(command, { pointer: `/history/${index}/CreatedBy` })];
  });
}

function textItems(fact: Fact<string>): FactList<string> {
  return fact.state === "unset" ? [] : [fact];
}
