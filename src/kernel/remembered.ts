/** Texts of each kind that are remembered for sure: those of some hundred containers. */
const least = 1_024;

/**
 * A parser that gives what it gave before for a text that it knows. From one reading to the next most texts of the kernel
 * are the same, and parsing costs more than comparing. What it gives is shared, and must not be changed.
 */
export function remembered<T extends object>(parse: (text: string) => T): (text: string) => T {
  let latest = new Map<string, T>();
  let before = new Map<string, T>();
  return (text) => {
    const known = latest.get(text);
    if (known) return known;
    // What was not asked for since the last change goes with the next.
    if (latest.size >= least) {
      before = latest;
      latest = new Map();
    }
    const found = before.get(text) ?? parse(text);
    latest.set(text, found);
    return found;
  };
}
