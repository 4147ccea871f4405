const fileReasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  ELOOP: "too many symbolic links",
};

/** A file system's error in words. */
export function whyFile(error: unknown): string {
  const code = codeOf(error);
  return fileReasons[code] ?? (code === "" ? "it cannot be read" : `it cannot be read (${code})`);
}

/** The system's or the library's error code: `ECONNREFUSED`, `UND_ERR_SOCKET`; "" where there is none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Several addresses of one name fail together.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}

/** What stands behind a path of the API, by its first part. */
const kinds: Readonly<Record<string, string>> = {
  containers: "container",
  images: "image",
  exec: "exec process",
  networks: "network",
  volumes: "volume",
};

/**
 * What the Engine does not have, out of the path that was asked for: `there is no container web`. `said` is the Engine's own
 * word, which stands where the path names nothing of a kind.
 */
export function whyMissing(path: string, said: string): string {
  // The name of an image may hold slashes.
  const [kind = "", name] =
    /^(?:\/v[\d.]+)?\/([a-z]+)\/(.+?)(?:\/json|\/stats|\/top)?(?:\?|$)/.exec(path)?.slice(1) ?? [];
  const noun = kinds[kind];
  if (noun !== undefined && name !== undefined && name !== "json") {
    return `there is no ${noun} ${firstLine(decodeURIComponent(name))}`;
  }
  return said === "" ? `it does not know ${path.replace(/^\/v[\d.]+(?=\/)|\?.*$/g, "")}` : said;
}

/** Characters of a line. The Engine puts a runtime's reason behind two hundred that tell through how many hands it went. */
const longest = 500;

/** The first line, short enough for a message. */
export function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what an Engine or ssh says must not steer the terminal.
  const clean = line.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
