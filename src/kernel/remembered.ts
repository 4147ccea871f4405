/** Texts that are remembered of each kind: those of some hundred containers. */
const most = 1_024;

/**
 * A parser that gives what it gave before for a text that it knows. From one reading to the next most texts of the kernel
 * are the same, and parsing costs more than comparing. What it gives is shared, and must not be changed.
 */
export function remembered<T extends object>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    // All at once: which of them were used lately is not worth a note at every look.
    if (known.size >= most) known.clear();
    const parsed = parse(text);
    known.set(text, parsed);
    return parsed;
  };
}
