import type { Route } from "../routes/route.ts";

/** `GET /containers/{}/json`: a route as presets and people write it, whatever its placeholders are called. */
export function spellRoute({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path.replace(/\{[^{}]*\}/g, "{}")}`;
}

/** The ids of the routes that these calls take. */
export function routesOf(calls: readonly string[], table: readonly Route[]): readonly string[] {
  const wanted = new Set(calls);
  return table.filter((route) => wanted.has(spellRoute(route))).map(({ id }) => id);
}
