import { buildRoutes } from "./builds.ts";
import { containerRoutes } from "./containers.ts";
import { execRoutes } from "./exec.ts";
import { imageRoutes } from "./images.ts";
import { networkRoutes } from "./networks.ts";
import { pluginRoutes } from "./plugins.ts";
import type { Route } from "./route.ts";
import { swarmRoutes } from "./swarm.ts";
import { systemRoutes } from "./system.ts";
import { volumeRoutes } from "./volumes.ts";

/** All routes of the Engine API 1.41 to 1.54. What is not here is denied. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...containerRoutes,
  ...execRoutes,
  ...imageRoutes,
  ...buildRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...pluginRoutes,
  ...swarmRoutes,
];

/** The route of an id that is known to be in the table. */
export function routeOf(id: string): Route {
  const found = routes.find((route) => route.id === id);
  if (!found) throw new Error(`${id} is not a route`);
  return found;
}
