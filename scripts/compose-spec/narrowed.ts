/**
 * What docker compose takes where its schema says something else: the schema allows a text for most values, since a
 * variable may stand there, and Compose then decodes the value into a Go type. By the path of definitions and keys.
 * Where nothing is listed, a number or a boolean that may be a text is that number or boolean (compose-go:
 * loader/interpolate.go).
 */
export const narrowed: Readonly<Record<string, string>> = {
  "blkio_limit.rate": "either(integer, textSize)",
  "deployment.resources.limits.memory": "textSize",
  "deployment.resources.reservations.memory": "textSize",
  "service.build.shm_size": "either(integer, textSize)",
  "service.depends_on.required": "flag",
  "service.mem_limit": "size",
  "service.mem_reservation": "either(integer, textSize)",
  "service.memswap_limit": "size",
  "service.shm_size": "size",
  "service.volumes.tmpfs.size": "either(between(0, Number.POSITIVE_INFINITY), textSize)",
};

/** Where a text is meant as a text, not as a number or a boolean in the making. */
export const reallyTexts: ReadonlySet<string> = new Set([
  "config.driver_opts",
  "devices.count",
  "gpus.count",
  "list_or_dict",
  "network.driver_opts",
  "secret.driver_opts",
  "service.build.provenance",
  "service.build.sbom",
  "service.cpu_rt_period",
  "service.cpu_rt_runtime",
  "service.expose",
  "service.group_add",
  "service.logging.options",
  "service.networks.driver_opts",
  "service.ports",
  "service.ports.published",
  "service.provider.options",
  "service.volumes.tmpfs.mode",
  "service_config_or_secret.mode",
  "volume.driver_opts",
]);

/** Lists of which docker compose drops what stands twice before it checks (compose-go: override/uncity.go). */
export const deduplicated: ReadonlySet<string> = new Set([
  "network.labels",
  "service.annotations",
  "service.build.additional_contexts",
  "service.build.args",
  "service.build.labels",
  "service.build.tags",
  "service.cap_add",
  "service.cap_drop",
  "deployment.labels",
  "service.devices",
  "service.dns",
  "service.dns_opt",
  "service.dns_search",
  "service.environment",
  "service.expose",
  "service.labels",
  "service.links",
  "service.networks.aliases",
  "service.networks.link_local_ips",
  "service.ports",
  "service.profiles",
  "service.sysctls",
  "service.tmpfs",
  "service.volumes",
]);
