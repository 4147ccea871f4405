import { type Container, container } from "../../model/container.ts";
import { type ContainerFact, sightOf, unseenIn } from "../../model/sight.ts";

/**
 * What the definition of a Swarm service tells, in a stack's file or a `docker service create` line. Where Swarm has no
 * setting, its containers get what the Engine gives by default (docker/cli: UnsupportedProperties and ForbiddenProperties in
 * cli/compose/types/types.go, cli/command/service/opts.go).
 */
export const swarmSight = sightOf("swarm");

const emptyContainer = container("declared");

/** The facts that Swarm does not take from anybody, as its containers get them. */
export const beyondSwarm: Partial<Container> = {
  ...Object.fromEntries(
    Object.entries(swarmSight).flatMap(([field, sight]) =>
      sight === "default" ? [[field, emptyContainer[field as ContainerFact]]] : [],
    ),
  ),
  ...unseenIn(swarmSight),
};
