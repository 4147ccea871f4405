/**
 * Namespaced, and of consequence to the container alone: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/ and
 * the IPC and network namespaces of https://man7.org/linux/man-pages/man7/namespaces.7.html
 */
export const harmlessSysctls: ReadonlySet<string> = new Set([
  "fs.mqueue.msg_max",
  "fs.mqueue.msgsize_max",
  "fs.mqueue.queues_max",
  "kernel.shm_rmid_forced",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "net.core.somaxconn",
  "net.ipv4.conf.all.src_valid_mark",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_mtu_probing",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_slow_start_after_idle",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_tw_reuse",
  "net.ipv4.tcp_wmem",
  "net.ipv6.conf.all.disable_ipv6",
  "net.ipv6.conf.default.disable_ipv6",
]);
