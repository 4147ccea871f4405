/** A snippet as it reads for several containers: `docker update` takes the names of all of them. */
export function forSeveral(snippet: string): string {
  return snippet.replaceAll(/^((?:docker|podman) update .+) \S+$/gm, "$1 CONTAINER...");
}
