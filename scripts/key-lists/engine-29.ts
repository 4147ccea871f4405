/** What changed at Engine 29 without a key of a file: with what bulkhead makes of it. */
export const engine29 = [
  {
    since: "29.0.0",
    change: "containerd's image store is the default of a new installation, unless userns-remap is set",
    source: "https://github.com/moby/moby/releases/tag/docker-v29.0.0",
    here: "Images are read by the API, which both stores answer; the tests of the Engine run on both ([tested on](tested-on.md)).",
  },
  {
    since: "29.0.0",
    change: "The API answers from version 1.44 on",
    source: "https://github.com/moby/moby/releases/tag/docker-v29.0.0",
    here: "bulkhead asks for the version that the Engine offers. `min-api-version` opens older ones: it is judged.",
  },
  {
    since: "29.0.0 with containerd 2.1.5",
    change: "A container may open 1,024 files at once (soft limit; hard 524,288), not 1,048,576",
    source: "https://github.com/docker/docs/pull/23730",
    here: "No control judges it: a process may raise its limit to the hard one. `default-ulimits` and `--ulimit nofile` are in the lists above.",
  },
  {
    since: "29.0.0",
    change: "Rules of nftables in place of iptables (`firewall-backend`, experimental)",
    source: "https://docs.docker.com/engine/network/firewall-nftables/",
    here: "`iptables: false` leaves the containers without rules in either form, and is judged.",
  },
  {
    since: "29.0.0 to 29.x",
    change:
      "containerd's image store may ignore `insecure-registries`, and verify the certificate all the same",
    source: "https://github.com/docker/cli/issues/6748",
    here: "[engine-insecure-registry](controls/engine-insecure-registry.md) fails: the setting holds again with another store or a later release. The loopback addresses are insecure without being listed, and are not a finding.",
  },
  {
    since: "29.4.0",
    change: "A privileged container keeps the AppArmor profile that its command names when it starts again",
    source: "https://github.com/moby/moby/pull/52215",
    here: "[apparmor-profile](controls/apparmor-profile.md) of such a command is unknown where the Engine is older or not known. The kernel's label is judged of a container that runs.",
  },
  {
    since: "29.5.0",
    change: "A container has a time namespace, where the kernel has them",
    source: "https://github.com/moby/moby/pull/52326",
    here: "It moves the monotonic clocks alone: to set the host's time still needs CAP_SYS_TIME, which is judged, and which prove tries.",
  },
] as const;
