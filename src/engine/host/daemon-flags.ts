/**
 * The values of a flag on a daemon's command line, in every spelling that Go's pflag takes: `--host=X`, `--host X`,
 * `-H X`, `-HX`. A flag alone (`--rootless`) is `true` where another flag follows. Only what is needed to find files
 * and sockets is read here: the formats know all of dockerd's flags.
 */
export function flagValues(words: readonly string[], names: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const name = names.find(
      (each) => word === each || word.startsWith(each.startsWith("--") ? `${each}=` : each),
    );
    if (name === undefined) return [];
    if (word !== name) return [word.slice(name.length).replace(/^=/, "")];
    const next = words[index + 1];
    return [next === undefined || next.startsWith("-") ? "true" : next];
  });
}
