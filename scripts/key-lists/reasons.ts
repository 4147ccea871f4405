/** Why no control judges a key, by list. `a.b.*` stands for all below `a.b`. */
export const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Compose: reasonsOf({
    "Groups other keys, which are judged one by one.": "services secrets include",
    "A name or a note.":
      "name version networks.*.name volumes.*.name secrets.*.name configs.*.name models.*.name services.*.container_name " +
      "networks.*.labels volumes.*.labels secrets.*.labels configs.*.labels services.*.volumes.[].volume.labels services.*.deploy.labels " +
      "services.*.ports.[].name services.*.ports.[].app_protocol services.*.hostname services.*.domainname services.*.build.tags",
    "Reads further files: what they say is judged where it applies.":
      "include.* services.*.extends services.*.extends.* services.*.env_file services.*.env_file.* services.*.label_file",
    "Made outside this project: the Engine knows how, and `bulkhead audit engine` judges it.":
      "networks.*.external networks.*.external.* volumes.*.external volumes.*.external.* secrets.*.external secrets.*.external.* " +
      "configs.*.external configs.*.external.*",
    "Where a value comes from, which Compose keeps out of the container's configuration.":
      "secrets.*.environment secrets.*.file configs.*.environment configs.*.file",
    "Swarm alone reads it, and it changes nothing that a container may do.":
      "secrets.*.driver secrets.*.driver_opts secrets.*.template_driver configs.*.template_driver services.*.deploy.endpoint_mode",
    "A file that the container gets at this path, with these owners; the container's limits hold for it.":
      "services.*.configs services.*.configs.* services.*.secrets services.*.secrets.* services.*.build.secrets services.*.build.secrets.*",
    "A model that Docker Model Runner serves by its own API; the container only gets its address.":
      "models.*.context_size models.*.model services.*.models services.*.models.*",
    "Addresses and routes of a network: who reaches whom is decided by its driver and its options.":
      "networks.*.attachable networks.*.enable_ipv4 networks.*.enable_ipv6 networks.*.internal networks.*.ipam networks.*.ipam.* " +
      "services.*.networks.*.aliases services.*.networks.*.gw_priority services.*.networks.*.interface_name services.*.networks.*.ipv4_address " +
      "services.*.networks.*.ipv6_address services.*.networks.*.link_local_ips services.*.networks.*.mac_address services.*.networks.*.priority " +
      "services.*.mac_address services.*.external_links services.*.ports.[].mode services.*.ports.[].protocol",
    "Names that the container resolves; it changes no other's.":
      "services.*.dns services.*.dns_opt services.*.dns_search services.*.extra_hosts services.*.build.extra_hosts",
    "When and how often it is started, checked or stopped.":
      "services.*.attach services.*.depends_on services.*.depends_on.* services.*.deploy.mode services.*.deploy.placement " +
      "services.*.deploy.placement.* services.*.deploy.replicas services.*.deploy.restart_policy.* services.*.deploy.rollback_config " +
      "services.*.deploy.rollback_config.* services.*.deploy.update_config services.*.deploy.update_config.* services.*.healthcheck.* " +
      "services.*.profiles services.*.scale services.*.stop_grace_period services.*.stop_signal services.*.pre_start.[].per_replica",
    "A reservation takes nothing away and bounds nothing.":
      "services.*.deploy.resources.reservations.cpus services.*.deploy.resources.reservations.memory " +
      "services.*.deploy.resources.reservations.generic_resources services.*.deploy.resources.reservations.generic_resources.* services.*.mem_reservation",
    "Part of the device, which is judged as a whole.":
      "services.*.deploy.resources.reservations.devices.* services.*.devices.* services.*.gpus.*",
    "`docker compose watch` copies files while somebody develops; it runs where the developer does.":
      "services.*.develop services.*.develop.*",
    "The size of a terminal, a first process, a folder or shared memory inside the container.":
      "services.*.init services.*.stdin_open services.*.tty services.*.working_dir services.*.shm_size services.*.build.shm_size",
    "Documents a port and opens none.": "services.*.expose",
    "Windows alone reads it.":
      "services.*.cpu_count services.*.cpu_percent services.*.isolation services.*.build.isolation",
    "Says something only beside another key, which is judged.":
      "services.*.cpu_period services.*.cpu_rt_period services.*.post_start.* services.*.pre_start.* services.*.pre_stop.* volumes.*.driver",
    "Which image and when it is pulled: image-unpinned judges the reference itself.":
      "services.*.platform services.*.pull_policy services.*.pull_refresh_after services.*.build.platforms services.*.build.pull",
    "Part of the mount, which is judged by its source and its options.":
      "services.*.volumes.[].bind.create_host_path services.*.volumes.[].bind.recursive services.*.volumes.[].bind.selinux " +
      "services.*.volumes.[].consistency services.*.volumes.[].image services.*.volumes.[].image.* services.*.volumes.[].target " +
      "services.*.volumes.[].type services.*.volumes.[].volume services.*.volumes.[].volume.* services.*.volumes.[].tmpfs.mode",
    "What is built and from where; its Dockerfile is read and judged.":
      "services.*.build.additional_contexts services.*.build.context services.*.build.dockerfile services.*.build.target ",
    "How a build is cached, described and limited; the container gets nothing from it.":
      "services.*.build.cache_from services.*.build.cache_to services.*.build.no_cache services.*.build.no_cache_filter " +
      "services.*.build.provenance services.*.build.sbom services.*.build.ulimits services.*.build.ulimits.*",
    "Windows alone reads it: a Linux Engine refuses a container with one.":
      "services.*.credential_spec services.*.credential_spec.*",
    "Options of the provider's program, which is judged.": "services.*.provider.options",
  }),
  "daemon.json": reasonsOf({
    "Addresses and names of networks; who reaches whom is decided by other keys.":
      "bip bip6 bridge bridge-accept-fwmark default-address-pools default-gateway default-gateway-v6 dns dns-opts dns-search " +
      "fixed-cidr fixed-cidr-v6 host-gateway-ip host-gateway-ips ip ip-forward ipv6 mtu network-control-plane-mtu swarm-default-advertise-addr",
    "Which firewall dockerd writes its rules with; either holds.": "firewall-backend",
    "How much of what is kept, and how often it is tried.":
      "builder.gc builder.gc.* max-concurrent-downloads max-concurrent-uploads max-download-attempts " +
      "shutdown-timeout default-stop-timeout default-shm-size",
    "What dockerd's own log looks like.": "debug log-format raw-logs",
    "Where dockerd keeps its files; engine-files judges who can write to them.":
      "data-root exec-root pidfile",
    "The containerd that it uses; docker-socket-mount judges who reaches its socket.":
      "containerd containerd-namespace cri-containerd",
    "Real-time time for all containers together; realtime-cpu judges each container's.":
      "cpu-rt-period cpu-rt-runtime",
    "The default of a container's own setting, which its control judges with it.":
      "default-cgroupns-mode default-ipc-mode default-runtime",
    "A note that other programs read.": "labels node-generic-resources",
    "Options of the cgroup driver; the limits that come of it are judged.": "exec-opts",
    "Switches of Engine features; each has its own default, and none opens the API.": "features",
    "Who may use the socket: engine-socket-permissions and docker-group-members judge it on the host.":
      "group",
    "A first process in each container.": "init",
    "A mirror for Docker Hub; engine-insecure-registry judges one without TLS.": "registry-mirrors",
    "How dockerd was started, which it cannot choose; engine-rootless judges it.": "rootless",
    "dockerd refuses it in daemon.json: it has no such option.":
      "containerd-plugin-namespace default-init resolv-conf swarm-raft-election-tick swarm-raft-heartbeat-tick",
    "Says something only beside `hosts` and `tlsverify`, which are judged.": "tls tlscacert tlscert tlskey",
    "A port on loopback that answers to anyone who is on the host.": "network-diagnostic-port",
    "On by default; a build that asks for it still has to be allowed by who starts it.":
      "builder.entitlements.network-host builder.entitlements.device",
    "Off, containers reach other machines by their own addresses; it opens no port.": "ip-masq",
    "Names that the proxy is not asked for.": "proxies.no-proxy",
    "How a runtime is started; its path is judged.":
      "runtimes.*.runtimeArgs runtimes.*.runtimeType runtimes.*.options",
  }),
  Dockerfile: reasonsOf({
    "How the file is read.": "#_escape #_check SHELL",
    "Owners and modes of files in the image, and which files; setuid modes are judged.":
      "ADD_--chown ADD_--chmod ADD_--link ADD_--keep-git-dir ADD_--unpack ADD_--exclude COPY_--chown COPY_--link COPY_--exclude COPY_--parents",
    "The program that the image starts; the user who starts it is judged.": "ENTRYPOINT",
    "Which platform is built for.": "FROM_--platform",
    "When and how often health is checked.":
      "HEALTHCHECK_--interval HEALTHCHECK_--timeout HEALTHCHECK_--start-period HEALTHCHECK_--start-interval HEALTHCHECK_--retries",
    "A note.": "LABEL MAINTAINER",
    "What it says is judged where the image is built on.": "ONBUILD",
    "A folder or a cache of the build, which no image keeps.":
      "RUN_--mount=type=bind RUN_--mount=type=cache RUN_--mount=type=tmpfs",
    "The way to give a build a secret that the image does not keep.":
      "RUN_--mount=type=secret RUN_--mount=type=ssh",
    "How it is stopped.": "STOPSIGNAL",
    "An anonymous volume of its own.": "VOLUME",
  }),
  "docker run": reasonsOf({
    "Names that the container resolves; it changes no other's.": "add-host dns dns-opt dns-option dns-search",
    "A terminal, and what the client prints and waits for.":
      "attach detach detach-keys help interactive quiet sig-proxy tty cidfile",
    "Windows alone reads it.": "cpu-count cpu-percent io-maxbandwidth io-maxiops isolation",
    "Says something only beside another flag, which is judged.": "cpu-period cpu-rt-period volume-driver",
    "No kernel and no Engine of today reads it.": "disable-content-trust kernel-memory",
    "A name, a note, an address of its own.":
      "domainname hostname ip ip6 label-file link-local-ip mac-address name net-alias network-alias",
    "Reads further files: what they say is judged.": "env-file",
    "Documents a port and opens none.": "expose",
    "When and how often it is checked or stopped, and what is left then.":
      "health-interval health-retries health-start-interval health-start-period health-timeout rm stop-signal stop-timeout",
    "A first process, a folder or shared memory inside the container.": "init shm-size workdir cpuset-mems",
    "A reservation takes nothing away and bounds nothing.": "memory-reservation",
    "Which image and when it is pulled: image-unpinned judges the reference itself.": "platform pull",
  }),
  HostConfig: reasonsOf({
    "The guard refuses to join another container's cgroup (guard-cgroup); the docker CLI cannot ask for it.":
      "Cgroup",
    "Says something only beside another member, which is judged.": "CpuPeriod VolumeDriver",
    "Part of the mount, which is judged by its source and its options.":
      "Mounts.ClusterOptions Mounts.ImageOptions Mounts.VolumeOptions.Labels",
  }),
};

/** Keys by reason, separated by spaces; `_` is a space in a key. */
function reasonsOf(keys: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([why, list]) =>
      list.split(" ").map((key) => [key.replace(/^(#|[A-Z]+)_(?=\S)/, "$1 "), why] as const),
    ),
  );
}
