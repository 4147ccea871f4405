import type { Guidance } from "../control.ts";

export const usersGuidance: Readonly<Record<string, Guidance>> = {
  "image-root-user": {
    letItBe: "A base image, or one for builds, which others give a user.",
    symptom: '"permission denied" when the container starts.',
    cause: "The files in the image belong to root",
    action: "COPY --chown=USER, and make the folders that it writes in the build.",
    onEngine: true,
  },
  "root-user": {
    letItBe: "The entrypoint needs root and drops to a user by itself; or the Engine is rootless.",
    symptom: '"permission denied" on a volume, or on port 80.',
    cause: "Files belong to root, or the port is below 1024",
    action: "chown the volume once, and listen on 8080.",
    onEngine: true,
  },
  "supplementary-groups": {
    letItBe: "The group gives one device (video, render, dialout), and the workload is about it.",
    symptom: '"permission denied" on a device or a socket.',
    cause: "The group had the right",
    action: "Give the group of this one device by its number.",
    onEngine: true,
  },
};
