import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { spellToolPatch } from "../run-options/spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly quadlet: true;
  }
}

export const quadlet = {
  nouns: ["Quadlet unit", "Quadlet units"],
  recognise: { name: (path) => /\.(?:container|pod|kube)$/i.test(path), text: isPart },
  sources: {
    quadlet: {
      title: "Quadlet unit",
      nouns: ["Quadlet unit", "Quadlet units"],
      isOneCommand: true,
      spell: { container: (patch) => spellToolPatch("quadlet", patch) },
    },
  },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readQuadlet } = await import("./read.ts");
    return readQuadlet(text, file, io);
  }),
} satisfies Format;

/** A Quadlet `.network` or `.volume`. systemd-networkd's `.network` files begin with what they match. */
function isPart(text: string, path: string): boolean {
  if (/\.volume$/i.test(path)) return /^\[Volume\]/m.test(text);
  return /\.network$/i.test(path) && /^\[Network\]/m.test(text) && !/^\[Match\]/m.test(text);
}
