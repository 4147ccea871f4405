import type { EngineSight, ImageSight } from "../../model/sight.ts";

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
