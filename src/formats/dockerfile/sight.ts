import type { ImageSight } from "../../model/sight.ts";

/** What a Dockerfile tells of the image that it builds. */
export const dockerfileSight = {
  user: "read",
  base: "read",
  baseUser: { unseen: "only the base image says which user it sets" },
  healthcheck: "read",
  references: "read",
  environment: "read",
  buildArguments: "read",
  sudoCommands: "read",
  setuidCommands: "read",
  exposedPorts: "read",
  history: "read",
  entrypoint: "read",
  command: "read",
  workingDirectories: "read",
  contextSecrets: { unseen: "the build context was not looked into" },
  credentials: "read",
} as const satisfies ImageSight;
