/**
 * Keys of each source that say nothing of what a container may do: names, terminals, timing, how the Engine is reached. A key
 * that is neither here nor read leaves open what it could change. A fact of the table is not listed here.
 */
export const irrelevantKeys = {
  /** Options of docker_container, those for its connection too. */
  ansible: keys(
    "image state command command_handling comparisons container_default_behavior cleanup cpuset_mems " +
      "default_host_ip detach dns_opts dns_search_domains dns_servers domainname entrypoint etc_hosts " +
      "exposed_ports exposed expose force_kill forcekill hostname ignore_image image_comparison " +
      "image_label_mismatch image_name_mismatch interactive keep_volumes kernel_memory kill_signal mac_address " +
      "networks_cli_compatible output_logs paused platform pull pull_check_mode_behavior " +
      "purge_networks recreate removal_wait_timeout restart restart_retries shm_size stop_signal stop_timeout " +
      "trust_image_content tty volume_driver working_dir docker_host docker_url api_version docker_api_version " +
      "timeout debug use_ssh_client ca_path ca_cert tls_ca_cert cacert_path client_cert tls_client_cert " +
      "cert_path client_key tls_client_key key_path tls tls_hostname tls_verify validate_certs ssl_version",
  ),
  /** Arguments of docker_container, with Terraform's own (https://developer.hashicorp.com/terraform/language/meta-arguments). */
  terraform: keys(
    "image attach command container_read_refresh_timeout_milliseconds destroy_grace_seconds dns dns_opts " +
      "dns_search domainname entrypoint host hostname ip_address logs max_retry_count must_run network_alias " +
      "remove_volumes shm_size start stdin_open stop_signal stop_timeout tty upload wait wait_timeout " +
      "working_dir count for_each depends_on provider lifecycle connection provisioner timeouts //",
  ),
  /** Keys of a container or a pod; maps of ids, masked paths and secrets only take. */
  quadlet: keys(
    "AddHost AutoUpdate DNS DNSOption DNSSearch Entrypoint Exec ExitPolicy ExposeHostPort GIDMap Group " +
      "HealthInterval HealthLogDestination HealthMaxLogCount HealthMaxLogSize HealthOnFailure HealthRetries " +
      "HealthStartPeriod HealthStartupCmd HealthStartupInterval HealthStartupRetries HealthStartupSuccess " +
      "HealthStartupTimeout HealthTimeout HttpProxy IP IP6 Image Mask NetworkAlias Notify PodName Pull " +
      "ReadOnlyTmpfs ReloadCmd ReloadSignal RemapGid RemapUid RemapUidSize RemapUsers Retry RetryDelay Rootfs " +
      "Secret SecurityLabelFileType ServiceName StartWithPod StopSignal StopTimeout SubGIDMap SubUIDMap " +
      "Timezone UIDMap User VolatileTmp WorkingDir",
  ),
  /** Properties of the editor, of the build, and of what runs in the container. */
  devcontainer: keys(
    "$schema name build dockerFile context service runServices customizations forwardPorts portsAttributes " +
      "otherPortsAttributes remoteEnv remoteUser secrets updateRemoteUserUID userEnvProbe overrideCommand " +
      "shutdownAction workspaceFolder initializeCommand onCreateCommand updateContentCommand postCreateCommand " +
      "postStartCommand postAttachCommand waitFor hostRequirements overrideFeatureInstallOrder settings " +
      "extensions devPort additionalProperties",
  ),
} as const satisfies Readonly<Record<string, ReadonlySet<string>>>;

/** The same flags of `docker run`. */
export const irrelevantFlags = [
  { name: "add-host", takes: "item" },
  { name: "attach", short: "a", takes: "item" },
  { name: "cidfile", takes: "text" },
  { name: "cpu-count", takes: "integer" },
  { name: "cpu-percent", takes: "integer" },
  { name: "cpu-rt-period", takes: "integer" },
  { name: "cpuset-mems", takes: "text" },
  { name: "detach", short: "d", takes: "boolean" },
  { name: "detach-keys", takes: "text" },
  { name: "disable-content-trust", takes: "boolean" },
  { name: "dns", takes: "item" },
  { name: "dns-opt", takes: "item", aliasOf: "dns-option" },
  { name: "dns-option", takes: "item" },
  { name: "dns-search", takes: "item" },
  { name: "domainname", takes: "text" },
  { name: "expose", takes: "item" },
  { name: "health-interval", takes: "duration" },
  { name: "health-retries", takes: "integer" },
  { name: "health-start-interval", takes: "duration" },
  { name: "health-start-period", takes: "duration" },
  { name: "health-timeout", takes: "duration" },
  { name: "help", takes: "boolean" },
  { name: "hostname", short: "h", takes: "text" },
  { name: "init", takes: "boolean" },
  { name: "interactive", short: "i", takes: "boolean" },
  { name: "io-maxbandwidth", takes: "bytes" },
  { name: "io-maxiops", takes: "integer" },
  { name: "ip", takes: "text" },
  { name: "ip6", takes: "text" },
  { name: "isolation", takes: "text" },
  { name: "kernel-memory", takes: "bytes" },
  { name: "link-local-ip", takes: "item" },
  { name: "mac-address", takes: "text" },
  { name: "name", takes: "text" },
  { name: "net-alias", takes: "item", aliasOf: "network-alias" },
  { name: "network-alias", takes: "item" },
  { name: "platform", takes: "text" },
  { name: "pull", takes: "text" },
  { name: "quiet", short: "q", takes: "boolean" },
  { name: "rm", takes: "boolean" },
  { name: "shm-size", takes: "bytes" },
  { name: "sig-proxy", takes: "boolean" },
  { name: "stop-signal", takes: "text" },
  { name: "stop-timeout", takes: "integer" },
  { name: "tty", short: "t", takes: "boolean" },
  { name: "umask", takes: "text" },
  { name: "volume-driver", takes: "text" },
  { name: "workdir", short: "w", takes: "text" },
] as const;

function keys(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
