import fc from "fast-check";

/**
 * What a service may say, each in some of the ways that people write it; two columns of indentation stand for one step. A
 * service takes any of them.
 */
const fragments: Readonly<Record<string, readonly string[]>> = {
  image: ["image: nginx", 'image: "nginx:1.27" # pinned', "image: ${IMAGE:-redis}", "image: &image postgres"],
  user: ["user: root", "user: '0:0'", 'user: "1000"  # fine', "user: ${UID_GID:-0}"],
  privileged: ["privileged: true", 'privileged: "true"', "privileged: false # no", "privileged: ${P:-true}"],
  read_only: ["read_only: false", "read_only: true"],
  network_mode: ["network_mode: host", 'network_mode: "bridge"', "network_mode: none"],
  pid: ["pid: host", 'pid: "host" # debug'],
  ipc: ["ipc: host", "ipc: shareable"],
  uts: ["uts: host"],
  cgroup: ["cgroup: host"],
  userns_mode: ["userns_mode: host"],
  cap_add: [
    "cap_add:\n  - NET_ADMIN\n  - sys_admin # why",
    "cap_add: [ALL]",
    "cap_add: [ SYS_PTRACE, 'CHOWN', ]",
    "cap_add:\n- NET_RAW\n# between\n- KILL",
    "cap_add: [\n  NET_ADMIN,\n  MKNOD # last\n  ]",
    "cap_add: &caps\n  - NET_ADMIN",
    "cap_add: []",
  ],
  cap_drop: ["cap_drop:\n  - KILL", "cap_drop: [mknod]", "cap_drop: ['ALL']"],
  security_opt: [
    "security_opt:\n  - seccomp:unconfined\n  - apparmor=unconfined",
    "security_opt: ['label:disable', \"systempaths=unconfined\"]",
    "security_opt:\n  - no-new-privileges:false # hm\n  - label=type:svirt_t\n  - label=level:s0",
    "security_opt: [seccomp=unconfined]",
    "security_opt:\n- no-new-privileges",
  ],
  volumes: [
    "volumes:\n  - ./a:/a\n  - data:/data:rw # the data\n  - /cache",
    "volumes:\n  - /var/run/docker.sock:/var/run/docker.sock",
    "volumes: [ './b:/b:rshared,z', \"${DIR:-./c}:/c\" ]",
    "volumes:\n- type: bind\n  source: /etc\n  target: /etc\n- type: volume\n  source: data\n  target: /d\n  read_only: true",
    "volumes:\n  # long\n  - type: bind\n    source: /mnt\n    target: /mnt\n    bind:\n      propagation: rshared\n\n  - {type: tmpfs, target: /t, tmpfs: {size: 64m}}",
    "volumes:\n  -   ./a:/a:ro\n  -   ./b:/a",
    "volumes:\n  - &v ./a:/shared",
  ],
  tmpfs: ["tmpfs: /run", "tmpfs:\n  - /tmp:exec,uid=5\n  - /run:size=64m,mode=1777", "tmpfs: [/tmp]"],
  devices: ["devices:\n  - /dev/kvm\n  - /dev/sda:/dev/xvda:r", "devices: ['/dev/fuse:/dev/fuse']"],
  device_cgroup_rules: ["device_cgroup_rules:\n  - 'c 1:3 mr'"],
  ports: [
    'ports:\n  - 80\n  - "8080:80"',
    "ports: ['${PORT:-81}:81/udp', '0.0.0.0:82:82']",
    "ports:\n  - target: 83\n    published: \"8083\"\n  - '[::]:84:84'",
    "ports:\n- 127.0.0.1:85:85 # local\n- 3000-3005:3000-3005",
  ],
  environment: [
    "environment:\n  - A=1\n  - PASSWORD=hunter2 # secret\n  - B",
    "environment:\n  PASSWORD: 'hun ter'\n  DEBUG: ${DEBUG:-yes}\n  EMPTY:",
    'environment: {API_KEY: abcdef, X: "1"}',
    "environment: [TOKEN=abc]",
    "environment:\n  <<: *environment\n  OWN: a$$b",
  ],
  labels: ["labels:\n  a.b: c", "labels: [x=1]"],
  sysctls: ["sysctls:\n  net.core.somaxconn: 1024", "sysctls: ['kernel.msgmax=1']"],
  ulimits: ["ulimits:\n  nofile: 1024\n  nproc:\n    soft: 1\n    hard: 2", "ulimits: {core: 0}"],
  logging: [
    "logging:\n  driver: json-file",
    'logging:\n  driver: "json-file"\n  options:\n    max-size: "0" # all\n    max-file: \'3\'',
    'logging: {options: {max-file: "2"}}',
    "logging: *logging",
    "logging:\n  <<: *logging",
  ],
  limits: [
    "mem_limit: 64m\npids_limit: -1",
    "cpus: 0.5\nmemswap_limit: -1",
    "cpus: '2'\nmem_limit: \"1g\"\nmem_reservation: 512m",
    "deploy:\n  resources:\n    limits:\n      memory: 128M\n      cpus: '0.5'",
    "deploy: {resources: {limits: {pids: 0}}}",
    "deploy:\n  resources:\n    reservations:\n      memory: 64M\n  replicas: 2",
    "deploy:\n  replicas: 1",
    "cpu_quota: 200000\ncpu_period: 100000\ncpu_shares: 2048\ncpuset: '0-1'",
  ],
  oom_kill_disable: ["oom_kill_disable: true"],
  cgroup_parent: ["cgroup_parent: /evil"],
  blkio_config: [
    "blkio_config:\n  weight: 500\n  device_read_bps:\n    - path: /dev/sda\n      rate: 12mb\n    - path: /dev/sdb\n      rate: 1024",
  ],
  healthcheck: ["healthcheck:\n  disable: true", "healthcheck:\n  test: [CMD, curl]\n  interval: 1s"],
  volumes_from: ["volumes_from:\n  - first:ro"],
  networks: ["networks:\n  - front\n  - back", "networks:\n  front:\n    aliases: [web]\n  back:"],
  command: ["command: |\n  sleep 1\n\n", "command: [\"a\", 'b']", "command: >-\n  a\n  b"],
  stray: ["# a comment", "\n", "x-note: {a: [1, 2]}"],
};

const head = [
  "x-environment: &environment",
  "  SHARED: s3cret",
  "x-logging: &logging",
  "  driver: json-file",
  "  options:",
  "    max-file: '1'",
  "x-base: &base",
  "  image: base",
  "  privileged: true",
  "  network_mode: host",
  "  cap_add: [SYS_ADMIN]",
  "  volumes: &volumes",
  "    - ./base:/base",
  "    - /etc:/host",
  "  security_opt:",
  "    - seccomp:unconfined",
  "  environment:",
  "    KEY: value",
];

const tail = ["volumes:", "  data:", "networks:", "  front:", "  back:"];

/** The lines of a service's block, without its name. */
const block = fc
  .tuple(
    fc.subarray(Object.keys(fragments)),
    fc.array(fc.nat(60), { minLength: 40, maxLength: 40 }),
    fc.constantFrom("", "", "", "<<: *base", "<<: [*base]", "extends: first", "volumes: *volumes"),
    fc.boolean(),
  )
  .map(([names, picks, inherited, atEnd]) => {
    const excluded = new Set(inherited.startsWith("volumes") ? ["volumes"] : []);
    if (names.includes("network_mode") || inherited !== "") excluded.add("networks");
    const lines = names
      .filter((name) => !excluded.has(name))
      .flatMap((name, index) => {
        const ways = fragments[name] ?? [];
        return (ways[(picks[index] ?? 0) % ways.length] ?? "").split("\n");
      });
    const needsImage = !names.includes("image") && !/^(?:<<|extends)/.test(inherited);
    const all = needsImage ? ["image: plain", ...lines] : lines;
    return inherited === "" ? all : atEnd ? [...all, inherited] : [inherited, ...all];
  });

/** A Compose file of a few services, with Linux or Windows line ends, anchors, comments, in some indentation. */
export const composeTexts = fc
  .record({
    first: block.filter((lines) => !lines.some((line) => line.startsWith("extends"))),
    others: fc.array(
      fc.oneof({ weight: 6, arbitrary: block }, { weight: 1, arbitrary: fc.constantFrom("alias", "flow") }),
      {
        maxLength: 2,
      },
    ),
    step: fc.constantFrom(2, 2, 4),
    eol: fc.constantFrom("\n", "\n", "\r\n"),
    anchored: fc.integer({ min: 0, max: 9 }),
    ending: fc.constantFrom("newline", "none", "blank", "sections"),
    bom: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ first, others, step, eol, ending, bom, anchored }) => {
    const services = [first, ...others].flatMap((service, index) => {
      const name = " ".repeat(step) + (index === 0 ? "first" : `s${index}`);
      if (service === "alias") return [`${name}: *base`];
      if (service === "flow") return [`${name}: { image: flow, cap_add: [ALL], user: "0" } # flow`];
      const anchor = index === 0 && anchored === 0 ? " &first" : "";
      const indent = " ".repeat(2 * step);
      return [`${name}:${anchor}`, ...service.map((line) => (line.trim() === "" ? "" : indent + line)), ""];
    });
    const last = anchored === 0 ? [`${" ".repeat(step)}last: *first`] : [];
    const sections = [...head, "services:", ...services, ...last];
    const lines = ending === "sections" ? [...sections, ...tail] : [...tail, ...sections];
    const text = lines.join(eol).replace(/\s+$/, "");
    const end = ending === "none" ? "" : ending === "blank" ? eol + eol : eol;
    return (bom === 0 ? "\uFEFF" : "") + text + end;
  });
