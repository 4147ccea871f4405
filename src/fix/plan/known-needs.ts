import { type KnownImage, knownImage } from "../../controls/images/known-images.ts";
import { isRootText } from "../../controls/users/user-text.ts";
import type { Subject } from "../../model/subject.ts";
import type { Needs } from "./needs.ts";

/** What is known of a container's workload from its image; nothing of one that is built here, since that may be anything. */
export function needsOf(subject: Subject): Needs | undefined {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (view?.image.state !== "set" || view.build.state !== "unset") return undefined;
  const known = knownImage(view.image.value);
  return known && needsOfImage(known, view.image.value);
}

/** What is known of the workload in an image, by its reference alone. */
export function needsOfReference(reference: string): Needs | undefined {
  const known = knownImage(reference);
  return known && needsOfImage(known, reference);
}

function needsOfImage({ user, needs }: KnownImage, reference: string): Needs {
  const source = `the image ${reference}`;
  // Who starts as a user without root's rights holds no capability (capabilities(7)).
  const none = isRootText(user) ? undefined : [];
  if (!needs) return { capabilities: none, source };
  const { writable, capabilities, ports, nonRoot, bare, sources, tried } = needs;
  // Of a base or a language nothing says what the application in it needs.
  const isOpen = bare && capabilities.length === 0;
  return {
    user: nonRoot && { name: nonRoot.user, requires: nonRoot.requires },
    bare,
    capabilities: none ?? (isOpen ? undefined : capabilities),
    writablePaths: bare
      ? undefined
      : writable?.filter(({ kind }) => kind === "tmpfs").map(({ path }) => path),
    persistentPaths: writable
      ?.filter(({ kind, declared }) => kind === "data" && !declared)
      .map(({ path }) => path),
    ports: ports.map(portOf),
    source,
    knownFrom: sources[0],
    tried,
  };
}

function portOf(text: string): { readonly port: number; readonly protocol: string } {
  const [port = "", protocol = "tcp"] = text.split("/");
  return { port: Number(port), protocol };
}
