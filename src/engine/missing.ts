import { firstLine } from "../base/error-words.ts";

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
