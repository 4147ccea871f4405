import type { Subject } from "./attack.ts";
import { clientAttacks } from "./clients.ts";
import { engineWideAttacks } from "./engine-wide.ts";
import { existingAttacks } from "./existing.ts";
import { hostConfigAttacks } from "./host-config.ts";
import { hostFileAttacks } from "./host-files.ts";
import { imageAttacks } from "./images.ts";
import { nameAttacks } from "./names.ts";
import { raceAttacks } from "./races.ts";
import { remappedAttacks } from "./remapped.ts";
import { swapAttacks } from "./swaps.ts";
import { bodyAttacks, pathAttacks, transportAttacks } from "./wire.ts";

/** All attacks, by what they abuse. */
export const subjects: readonly Subject[] = [
  { subject: "a container with more than it needs", attacks: hostConfigAttacks },
  { subject: "the host's files", attacks: hostFileAttacks },
  { subject: "a folder that becomes a link", attacks: swapAttacks },
  { subject: "containers that are there already", attacks: existingAttacks },
  { subject: "images and where they come from", attacks: imageAttacks },
  { subject: "names that others can take", attacks: nameAttacks },
  { subject: "networks, the swarm and plugins", attacks: engineWideAttacks },
  { subject: "a body of two readings", attacks: bodyAttacks },
  { subject: "a path of two readings", attacks: pathAttacks },
  { subject: "what HTTP lets be read in two ways", attacks: transportAttacks },
  { subject: "what is another client's, or a secret", attacks: clientAttacks },
  { subject: "races", attacks: raceAttacks },
];

/** Those of an Engine with `userns-remap`. */
export const remappedSubjects: readonly Subject[] = [
  { subject: "a container that is the host's root again", attacks: remappedAttacks },
];
