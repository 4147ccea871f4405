import { itemsOf, textAt } from "../../base/json.ts";
import { readEnvironment, readHealthcheck, readWords } from "../../formats/create-request/config.ts";
import { readCredentials } from "../../formats/create-request/credentials.ts";
import { documentAt, entriesFact, field, stringFact } from "../../formats/create-request/json.ts";
import { type Fact, type FactList, set, unseen } from "../../model/fact.ts";
import { type Image, image } from "../../model/image.ts";
import { type EngineSight, type FactsReadBy, type ImageSight, unseenIn } from "../../model/sight.ts";

const untold = { unseen: "the Engine's API does not tell it" } as const;

/** What the Engine's API tells of the Engine. What its host shows beside that is joined later. */
export const engineSight = {
  product: "read",
  version: "read",
  rootless: "read",
  rootOwner: "read",
  limitsNotInForce: "read",
  rootlessHost: "read",
  usernsRemap: "read",
  noNewPrivileges: "read",
  seccompProfile: "read",
  seccompAllowsAll: { unseen: "only the file of the seccomp profile says what it allows" },
  seccompOpens: { unseen: "only the file of the seccomp profile says what it allows" },
  absentModules: "read",
  seccompSupported: "read",
  kernelLsm: "read",
  apparmorEnabled: "read",
  selinuxEnabled: "read",
  selinuxMode: "read",
  storageDriver: "read",
  backingFilesystem: "read",
  storageQuotaSupported: "read",
  logDriver: "read",
  icc: "read",
  liveRestore: "read",
  swarmActive: "read",
  cgroupVersion: "read",
  cgroupParent: untold,
  defaultCgroupnsMode: untold,
  defaultIpcMode: untold,
  memoryTotal: "read",
  cpus: "read",
  swapTotal: untold,
  kernelVersion: "read",
  dataRoot: "read",
  defaultRuntime: "read",
  listenAddresses: "read",
  socketFiles: { unseen: "no unix socket of this engine is visible from here" },
  units: { unseen: "the units of this engine's host are not visible from here" },
  storageOptions: "read",
  furtherOptions: "read",
  credentials: { unseen: "the Engine hides the passwords of its proxies, and tells no log options" },
  logOptions: "read",
  defaultUlimits: "read",
  insecureRegistries: "read",
  authorizationPlugins: "read",
  components: "read",
} as const satisfies EngineSight;

const ofBuild = { unseen: "the Engine does not show the Dockerfile of an image" } as const;

/** What the Engine's API tells of an image. */
export const imageSight = {
  user: "read",
  base: ofBuild,
  // What the base sets, the image has.
  baseUser: "default",
  healthcheck: "read",
  references: ofBuild,
  environment: "read",
  buildArguments: ofBuild,
  sudoCommands: ofBuild,
  setuidCommands: ofBuild,
  exposedPorts: "read",
  history: "read",
  entrypoint: "read",
  command: "read",
  workingDirectories: "read",
  contextSecrets: ofBuild,
  credentials: "read",
} as const satisfies ImageSight;

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
