import type { Guidance } from "../control.ts";

export const capabilitiesGuidance: Readonly<Record<string, Guidance>> = {
  "capabilities-dangerous": {
    letItBe: "The program is about this right: a VPN (NET_ADMIN), an NTP server (SYS_TIME), a packet filter.",
    symptom: '"Operation not permitted" (EPERM) at start.',
    cause: "It uses the capability",
    action: "Add it back alone, and let the program drop it after start.",
    onEngine: true,
  },
  "capabilities-drop": {
    letItBe: "An image that starts as root and changes owners, until you have learned what it needs.",
    symptom: '"Operation not permitted" from chown, setuid, or bind to port 80.',
    cause: "It uses one of Docker's 14 capabilities",
    action: "bulkhead learn finds the ones that it needs; add these to cap_add.",
    onEngine: true,
  },
  "host-program": {
    letItBe: "You installed the provider on purpose and nobody else can change the file.",
    symptom: '"unsupported provider", or the service is missing.',
    cause: "The provider's program is gone",
    action: "Replace the service by one with an image.",
  },
  privileged: {
    letItBe: "Docker in Docker on a host that is thrown away after the job.",
    symptom: '"Operation not permitted", or a device is missing.',
    cause: "It used one of the rights that privileged gives",
    action: "bulkhead learn finds the one capability or device that it needs.",
    onEngine: true,
  },
  "privileged-exec": {
    letItBe: "You debug it yourself, now, and leave afterwards.",
    symptom: 'A command of the script prints "Operation not permitted".',
    cause: "It used a right that the container lacks",
    action: "Run that command on the host, or give the container the one capability.",
    onEngine: true,
  },
};
