/** Lists of what is allowed: the words, what passes by them, what does not and by which rule. */
export const lists: readonly {
  readonly label: string;
  readonly words: string;
  readonly passes: readonly (readonly string[])[];
  readonly fails: readonly (readonly [rule: string, ...flags: readonly string[]])[];
}[] = [
  {
    label: "mounts, over what a control denies",
    words:
      "allow: { mounts: [{ source: /etc/alternatives, dangerous: true }, { source: '/etc/ssl/**', readOnly: true, dangerous: true }, /usr/local] }",
    passes: [
      ["-v", "/etc/alternatives:/x"],
      ["-v", "/etc/ssl/certs:/x:ro"],
      // It is mounted read-only.
      ["-v", "/etc/ssl/certs:/x"],
    ],
    fails: [
      ["sensitive-host-mount", "-v", "/etc/ssl/private:/x"],
      ["sensitive-host-mount", "-v", "/etc:/x:ro"],
      ["sensitive-host-mount", "-v", "/usr/local:/x"],
    ],
  },
  {
    label: "mounts, and no others",
    words: "allow: { mounts: [/srv/**] }",
    passes: [
      ["-v", "/srv:/x"],
      ["-v", "/srv/app:/x"],
      ["-v", "named:/x"],
      ["-v", "/etc/localtime:/etc/localtime:ro"],
      ["-v", "/etc/localtime:/etc/localtime"],
    ],
    fails: [["guard-bind-mount", "-v", "/mnt:/x"]],
  },
  {
    label: "limits, as maxima",
    words: "limits: { memory: { default: 64m, max: 256m }, cpus: { max: 1 }, pids: { max: 100 } }",
    passes: [[], ["--memory=256m", "--cpus=1", "--pids-limit=100"]],
    fails: [
      ["guard-limit", "--memory=257m"],
      ["guard-limit", "--cpus=1.5"],
      ["guard-limit", "--cpuset-cpus=0"],
      ["guard-limit", "--cpu-period=10000", "--cpu-quota=20000"],
      ["guard-limit", "--pids-limit=101"],
    ],
  },
  {
    label: "capabilities",
    words: "allow: { capabilities: [NET_ADMIN] }",
    passes: [["--cap-add=NET_ADMIN"]],
    fails: [["capabilities-dangerous", "--cap-add=SYS_ADMIN"]],
  },
  {
    label: "users",
    words: "allow: { users: [1000, '2000:2000'] }",
    passes: [["--user=1000"], ["--user=1000:1005"], ["--user=2000:2000"], ["--user=1000:5"]],
    fails: [
      ["guard-user"],
      ["guard-user", "--user=1001"],
      ["guard-user", "--user=2000:1"],
      ["supplementary-groups", "--user=1000:5", "-v", "/srv:/x:ro"],
    ],
  },
  {
    label: "networks",
    words: "allow: { networks: [listed] }",
    passes: [["--network=listed"], ["--network=none"], ["--network=container:on-listed"]],
    fails: [
      ["guard-network"],
      ["guard-network", "--network=bridge"],
      ["guard-network", "--network=container:web"],
    ],
  },
  {
    label: "runtimes",
    words: "allow: { runtimes: [other] }",
    passes: [["--runtime=other"], ["--runtime=runc"]],
    fails: [["runtime-handler", "--runtime=third"]],
  },
  {
    label: "labels",
    words: "allow: { labels: [com.example.*, team=web] }",
    passes: [[], ["--label=com.example.a=b", "--label=team=web"]],
    fails: [
      ["guard-label", "--label=traefik.enable=true"],
      ["guard-label", "--label=team=db"],
    ],
  },
  {
    label: "devices",
    words: "allow: { devices: [/dev/null] }",
    passes: [["--device=/dev/null:/dev/xnull"]],
    fails: [["device-access", "--device=/dev/mem"]],
  },
  {
    label: "sysctls",
    words: "allow: { sysctls: [net.ipv4.tcp_*] }",
    passes: [["--sysctl=net.ipv4.tcp_rmem=4096 87380 6291456"]],
    fails: [["unsafe-sysctl", "--sysctl=net.ipv4.ip_forward=1"]],
  },
  {
    label: "log drivers",
    words: "allow: { logDrivers: [syslog] }",
    passes: [["--log-driver=syslog", "--log-opt=syslog-address=udp://127.0.0.1:9"]],
    fails: [["remote-log-driver", "--log-driver=gelf", "--log-opt=gelf-address=udp://127.0.0.1:9"]],
  },
];
