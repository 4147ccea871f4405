import type { Guidance } from "../control.ts";

export const cgroupsGuidance: Readonly<Record<string, Guidance>> = {
  capacity: {
    letItBe: "The services never have their peaks at the same time, and you know it by measurement.",
    symptom: "A service is killed at its peak.",
    cause: "Its limit was lowered too far",
    action: "Move services to another host instead.",
  },
  "cgroup-parent": {
    letItBe: "A slice of your own whose limits you set, on purpose.",
    symptom: "The container has other limits than before.",
    cause: "It left the slice",
    action: "Give it its own limits.",
    onEngine: true,
  },
  "cpu-limit": {
    letItBe: "The service may have the whole host, or a parent cgroup limits it.",
    symptom: "Requests are slow, and container_cpu_cfs_throttled rises.",
    cause: "The limit is below its peaks",
    action: "Raise it above the peak that bulkhead learn measures.",
    onEngine: true,
  },
  "io-limit": {
    letItBe: "Only your own services share the disk.",
    symptom: "The service is slow while it writes.",
    cause: "The limit is below its peaks",
    action: "Raise device_write_bps above the peak that bulkhead learn --disk-limits measures.",
    onEngine: true,
  },
  "log-limit": {
    letItBe: "Another program rotates or collects the logs.",
    symptom: "docker logs shows only the latest lines.",
    cause: "Old files are rotated away",
    action: "Raise max-file, or send logs to a log server.",
  },
  "logging-off": {
    letItBe: "The program writes its own logs to a volume or a server.",
    symptom: "The disk fills.",
    cause: "The driver json-file keeps all",
    action: "Set max-size and max-file with it.",
  },
  "memory-limit": {
    letItBe: "A database that is alone on its host, sized to it.",
    symptom: "The container ends with exit status 137 and OOMKilled is true.",
    cause: "It needs more than the limit",
    action:
      "Raise the limit above the peak that bulkhead learn measures; set the program's own heap below it.",
    onEngine: true,
  },
  "memory-swap-limit": {
    letItBe: "The host has no swap.",
    symptom: "The container is killed where it used to get slow.",
    cause: "It has no swap any more",
    action: "Raise the memory limit.",
    onEngine: true,
  },
  "oom-score": {
    letItBe: "The one service that must outlive all others, such as sshd or the monitoring.",
    symptom: "The container is killed first when memory is short.",
    cause: "It has the default score",
    action: "Give memory limits to the others.",
    onEngine: true,
  },
  "pids-limit": {
    letItBe: "Never without another limit: a parent cgroup's counts as one.",
    symptom: '"fork: Resource temporarily unavailable" (EAGAIN).',
    cause: "It runs more processes and threads than the limit",
    action: "Raise it above the peak that bulkhead learn measures.",
    onEngine: true,
  },
  "realtime-cpu": {
    letItBe: "Audio or a field bus that misses its deadline otherwise, on a host for it alone.",
    symptom: "Sound breaks off, or deadlines are missed.",
    cause: "The program lost its real-time priority",
    action: "Give it cpu_rt_runtime for what it needs, and SYS_NICE.",
    onEngine: true,
  },
  "remote-log-driver": {
    letItBe: "The log server is yours, and the connection has TLS.",
    symptom: "docker logs shows nothing.",
    cause: "The driver keeps no copy here",
    action: "Leave cache-disabled false, so that docker logs reads the cache.",
    onEngine: true,
  },
  "storage-limit": {
    letItBe: "The root file system is read-only, so the layer stays empty.",
    symptom: '"no space left on device" in one container, or the Engine refuses storage-opt.',
    cause: "The layer is full, or the storage driver has no quota",
    action: "Write to a volume; overlay2 needs xfs with pquota.",
  },
  "storage-option": {
    letItBe: "You set it, and know what the storage driver does with it.",
    symptom: "The container has more or less room than before.",
    cause: "The option is gone",
    action: "Set size alone.",
    onEngine: true,
  },
};
