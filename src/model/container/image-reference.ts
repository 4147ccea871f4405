/** The parts of an image reference (distribution/reference's grammar, read leniently). */
export interface ImageReference {
  /** `docker.io` where none is written. */
  readonly registry: string;
  /** With `library/` in front for Docker's own short names: `library/nginx`. */
  readonly repository: string;
  /** Undefined where none is written; Docker then takes `latest`. */
  readonly tag: string | undefined;
  /** `sha256:…`. */
  readonly digest: string | undefined;
}

/** Splits `registry:5000/team/app:1.2@sha256:…`; a first part with a dot, a colon or a capital, or `localhost`, is a registry. */
export function parseImageReference(text: string): ImageReference {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const path = hasTag ? named.slice(0, colon) : named;
  const slash = path.indexOf("/");
  const first = slash < 0 ? "" : path.slice(0, slash);
  const hasRegistry =
    first !== "" && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const registry = hasRegistry && first !== "index.docker.io" ? first : "docker.io";
  const rest = hasRegistry ? path.slice(slash + 1) : path;
  return {
    registry,
    repository: registry === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest,
    tag: hasTag ? named.slice(colon + 1) : undefined,
    digest,
  };
}

/** Whether the reference is a bare image id (`sha256:…`, or 12 to 64 hexadecimal digits without a tag). */
export function isImageId(text: string): boolean {
  return /^(sha256:[0-9a-f]{64}|[0-9a-f]{64})$/.test(text);
}
