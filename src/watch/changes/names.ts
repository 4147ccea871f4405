/** Which container was judged last under each name. */
export interface Names {
  /** Gives the container the name, and its name before where it had another one that nobody took since. */
  take(id: string, name: string): string | undefined;
  /** The container is gone. False where its name is another one's by now. */
  free(container: { readonly id: string; readonly name: string }): boolean;
  /** Forgets all other containers. */
  keepOnly(ids: ReadonlySet<string>): void;
}

export function openNames(): Names {
  const names = new Map<string, string>();
  const holders = new Map<string, string>();

  function forget(id: string): void {
    const name = names.get(id);
    names.delete(id);
    if (name !== undefined && holders.get(name) === id) holders.delete(name);
  }

  return {
    take(id, name) {
      const before = names.get(id);
      if (before === name && holders.get(name) === id) return undefined;
      const isOwn = before !== undefined && before !== name && holders.get(before) === id;
      forget(id);
      names.set(id, name);
      holders.set(name, id);
      return isOwn ? before : undefined;
    },
    free({ id, name }) {
      forget(id);
      return !holders.has(name);
    },
    keepOnly(ids) {
      for (const id of names.keys()) if (!ids.has(id)) forget(id);
    },
  };
}
