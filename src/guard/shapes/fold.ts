/**
 * A name as Go's encoding/json compares it: by Unicode's simple folding. Beyond ASCII only two characters fold to a
 * letter of ASCII, and every name that the Engine knows is ASCII: ſ (U+017F) folds to s, and K (U+212A, the sign of
 * Kelvin) to k.
 *
 * @see https://pkg.go.dev/encoding/json#Unmarshal "a case-insensitive match"
 * @see https://cs.opensource.google/go/go/+/master:src/encoding/json/fold.go
 */
export function foldName(name: string): string {
  return name
    .replaceAll("\u017f", "s")
    .replaceAll("\u212a", "k")
    .replace(/[A-Z]+/g, lower);
}

function lower(letters: string): string {
  return letters.toLowerCase();
}
