/** Modules of Docker and Podman whose tasks are not read, and are named as that. */
export const otherModules =
  "(?:(?:community|containers)\\.\\w+\\.)?(?:docker_(?:compose(?:_v2)?|swarm_service|stack)|podman_(?:container|pod|play))";
export const shellModules = "(?:ansible\\.(?:builtin|legacy)\\.)?(?:shell|command|raw)";

/** What Jinja fills in. */
export const jinja = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
