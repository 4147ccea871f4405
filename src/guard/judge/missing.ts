import type { ObjectKind } from "../routes/route.ts";

/** In the Engine's own words, which the docker CLI looks at. */
export function missingMessage(kind: ObjectKind, name: string): string {
  if (kind === "container") return `No such container: ${name}`;
  if (kind === "image") return `No such image: ${name}`;
  if (kind === "exec") return `No such exec instance: ${name}`;
  if (kind === "volume") return `get ${name}: no such volume`;
  return `${kind} ${name} not found`;
}
