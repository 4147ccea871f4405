/** What bulkhead needs from a host, and whether it is there. */
export interface Check {
  /** What was looked at: `cgroups`, `Docker Engine`. */
  readonly name: string;
  /** `limited`: some of it works. `missing`: what needs it does not work. */
  readonly state: "ok" | "limited" | "missing";
  /** What was found, in a few words. */
  readonly found: string;
  /** What bulkhead cannot do without, and what to do about it; null where nothing is lost. */
  readonly cost: string | null;
}

export function ok(name: string, found: string): Check {
  return { name, state: "ok", found, cost: null };
}

export function limited(name: string, found: string, cost: string): Check {
  return { name, state: "limited", found, cost };
}

export function missing(name: string, found: string, cost: string): Check {
  return { name, state: "missing", found, cost };
}
