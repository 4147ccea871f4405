import type { Guidance } from "../control.ts";

export const macGuidance: Readonly<Record<string, Guidance>> = {
  "apparmor-profile": {
    letItBe: "A container that mounts file systems on purpose, with a profile of its own.",
    symptom: '"permission denied" although the mode allows it; dmesg shows apparmor="DENIED".',
    cause: "The profile docker-default denies it",
    action: "Load a profile that allows this one access: bulkhead learn writes one.",
  },
  "custom-profile": {
    letItBe: "The profile is yours, in version control, and stricter than the default.",
    symptom: '"Operation not permitted" for a call that worked.',
    cause: "The default profile blocks it",
    action: "Compare your profile with Docker's, and add this one call.",
    onEngine: true,
  },
  "kernel-reach": {
    letItBe: "The kernel is patched against the named advisories, and the program needs that part of it.",
    symptom: '"Operation not permitted" (EPERM) from socket(2) or another call.',
    cause: "The profile closes that part of the kernel",
    action: "Take out of the profile what the program needs; bulkhead reach shows what is open then.",
  },
  "masked-paths": {
    letItBe: "A container that runs containers (rootless BuildKit, Podman) and needs an own /proc.",
    symptom: '"permission denied" or EROFS below /proc or /sys.',
    cause: "Docker masks it",
    action: "Read the value on the host, or set it with sysctls:.",
    onEngine: true,
  },
  "no-new-privileges": {
    letItBe:
      "The program is su, sudo or ping with file capabilities, or its entrypoint drops root by a setuid program.",
    symptom: '"sudo: The \'no new privileges\' flag is set", or ping prints "Operation not permitted".',
    cause: "A setuid program or file capabilities give nothing now",
    action: "Start it as the user that it needs. gosu and su-exec keep working.",
    onEngine: true,
  },
  "runtime-annotation": {
    letItBe: "You wrote it, and the runtime needs it.",
    symptom: "The runtime starts the container in another way.",
    cause: "The annotation is gone",
    action: "Name the runtime's documentation in the reason, and ignore the finding.",
    onEngine: true,
  },
  "runtime-handler": {
    letItBe: "The runtime isolates more (gVisor, Kata), or it is a GPU vendor's.",
    symptom: "The GPU is not seen, or a system call is missing.",
    cause: "The default runtime runs it now",
    action: "Name the runtime in daemon.json, and allow it for this container.",
    onEngine: true,
  },
  "seccomp-profile": {
    letItBe:
      "A debugger or a sandbox of its own (a browser, a nested runtime) that needs calls the default filter blocks.",
    symptom: '"Operation not permitted" (EPERM) from a system call.',
    cause: "The filter blocks it",
    action: "bulkhead learn writes a profile with the calls that it makes.",
    onEngine: true,
  },
  "selinux-label": {
    letItBe: "A tool of the host's administrator that you start and stop by hand.",
    symptom: '"permission denied" on a bind mount; ausearch -m avc shows it.',
    cause: "The label of the files is the host's",
    action: "Mount with :Z (this container alone) or :z (shared).",
  },
};
