import type { Guidance } from "../control.ts";

export const driftGuidance: Readonly<Record<string, Guidance>> = {
  drift: {
    letItBe: "An update of limits is under way.",
    symptom: "The limit is back after a restart.",
    cause: "The kernel gets what the Engine's configuration says",
    action: "Change the configuration, too.",
    onEngine: true,
  },
  "proof-lost": {
    letItBe: "The change was meant, and the loss with it.",
    symptom: "The probe fails again the next night.",
    cause: "What held it is still gone",
    action: "See what changed: bulkhead history and docker events.",
    onEngine: true,
  },
};
