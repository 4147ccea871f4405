/** Options of the bridge driver that concern its containers alone. */
export const harmlessNetworkOptions: ReadonlySet<string> = new Set([
  "com.docker.network.bridge.enable_icc",
  "com.docker.network.bridge.enable_ip_masquerade",
  "com.docker.network.container_iface_prefix",
  "com.docker.network.driver.mtu",
  // The Engine writes them down by itself (`EnableIPv4`, `EnableIPv6`).
  "com.docker.network.enable_ipv4",
  "com.docker.network.enable_ipv6",
]);

/** Whether ports without an address are published on the host's loopback addresses alone. */
export function isLoopbackBinding(name: string, value: unknown): boolean {
  return name === "com.docker.network.bridge.host_binding_ipv4" && /^127\./.test(String(value));
}

/** RFC 1918, RFC 6598 and RFC 4193: what no machine of the internet has. */
export function isPrivateRange(subnet: string): boolean {
  const [address = "", bits = ""] = subnet.split("/");
  const length = bits === "" ? 128 : Number(bits);
  if (/^10\./.test(address)) return length >= 8;
  if (/^172\.(?:1[6-9]|2\d|3[01])\./.test(address)) return length >= 12;
  if (/^192\.168\./.test(address)) return length >= 16;
  if (/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(address)) return length >= 10;
  return /^f[cd][0-9a-f]{2}:/i.test(address) && length >= 7;
}
