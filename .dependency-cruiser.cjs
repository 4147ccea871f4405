/** Who may import whom, and why not. */
const layers = {
  base: { may: [], why: "the ground that all stand on: texts, JSON, errors in words, equality, results" },
  model: {
    may: ["base"],
    why: "the model is the vocabulary of all others: it knows of nothing but the base",
  },
  controls: {
    may: ["base", "model"],
    why: "a control is a pure judgement over the model: no syntax, no I/O, no Engine",
  },
  formats: {
    may: ["base", "model"],
    why: "a format turns a syntax into the model and back; it judges nothing and reads no disk",
  },
  engine: {
    may: ["base", "model", "formats/create-request"],
    why: "the Engine's client turns API documents into the model; an inspect document carries the create request's HostConfig, so one reader serves both",
  },
  kernel: { may: ["base", "model"], why: "the kernel's readers turn /proc and cgroupfs into the model" },
  audit: {
    may: ["base", "model", "controls", "formats", "engine", "kernel"],
    why: "the audit brings readers and controls together; how findings are shown is the reports' business",
  },
  prove: {
    may: [
      "base",
      "model",
      "controls/cgroups/amounts",
      "controls/capabilities/dangerous",
      "formats",
      "engine",
      "kernel",
    ],
    why: "a proof is an experiment in the kernel: it reads what is to be proven and judges by what it sees, not by a control's word",
  },
  watch: {
    may: ["base", "model", "controls", "formats", "engine", "kernel", "audit", "report", "metrics"],
    why: "the watch audits again and again and tells what changed; who keeps it, and who asked for it, is not its business",
  },
  report: {
    may: [
      "base",
      "model",
      "controls",
      "formats/format",
      "formats/formats",
      "audit/finding",
      "audit/summary",
      "audit/benchmark/benchmark",
    ],
    why: "a report prints findings; it reads and judges nothing, and of the formats it uses only their words",
  },
  fix: {
    may: ["base", "model", "controls", "formats", "engine", "audit", "trial", "report/secrets/redact"],
    why: "fix plans over what the audit judged and writes through the formats; --verify tries that in trials; of the reports it takes only how secrets are masked",
  },
  trial: {
    may: ["base", "model", "formats", "engine", "report/secrets/redact"],
    why: "a trial runs a workload and looks whether it works; what is tried, fix and learn decide",
  },
  why: {
    may: ["base", "model", "formats/compose/spell", "formats/run-command/spell", "engine", "trial"],
    why: "why reads the kernel's trace of a container and names the setting behind a refusal; it judges no setting",
  },
  learn: {
    may: ["base", "model", "controls/cgroups/amounts", "formats/values", "engine", "fix", "trial"],
    why: "learn looks at trials and writes what they show through fix's plans; it judges nothing",
  },
  metrics: { may: ["base"], why: "counters and their text form know of nothing that they count" },
  guard: {
    may: ["base", "model", "controls", "formats", "engine", "kernel", "audit", "fix", "metrics"],
    why: "the guard judges requests by the controls and hardens them by fix's plans, as audit and fix do with files; it shows no reports",
  },
  config: {
    may: ["base", "model", "controls", "formats", "audit", "guard/policy", "watch"],
    why: "bulkhead.yaml has a section for each command; each command's own schema says what may be in its section",
  },
  fleet: {
    may: [
      "base",
      "model",
      "controls",
      "formats/values",
      "engine",
      "audit",
      "report/secrets/redact",
      "report/csv-cell",
      "report/sarif",
      "report/words",
      "metrics",
      "watch",
    ],
    why: "the fleet collects what watches report: it judges nothing but the Engine's settings of its own host",
  },
  doctor: {
    may: ["base", "engine", "model/root-owner"],
    why: "the doctor looks at what a host offers; it reads no container and judges nothing",
  },
  run: {
    may: ["base", "model", "controls", "formats", "audit", "fix", "config"],
    why: "run hardens one command by fix's plans before docker sees it; it asks no Engine, which would cost every start",
  },
};

/** Within the fleet. */
const fleetRooms = {
  protocol: { may: [], why: "the protocol is what a host and a server agree on: it knows neither" },
  store: { may: ["protocol"], why: "the store keeps what it is given; it serves no HTTP and judges nothing" },
  agent: { may: ["protocol"], why: "the agent runs on a watched host, which has no server" },
  server: {
    may: ["protocol", "store", "agent"],
    why: "serve can watch its own host, so it uses what agents use",
  },
};

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment: "a cycle has no layer",
      from: {},
      to: { circular: true },
    },
    {
      name: "nothing-imports-cli",
      severity: "error",
      comment: "the command line is the outermost layer",
      from: { pathNot: "^src/cli" },
      to: { path: "^src/cli" },
    },
    {
      name: "only-cli-imports-fleet",
      severity: "error",
      comment:
        "who maintains the auditor or the guard needs nothing of the fleet; watch knows listeners, not servers",
      from: { path: "^src/", pathNot: ["^src/(fleet|cli)/", "[.]test[.]ts$"] },
      to: { path: "^src/fleet/" },
    },
    {
      name: "fleet-has-doors",
      severity: "error",
      comment:
        "the files directly in src/fleet are its doors, and its protocol is types: what is behind may change",
      from: { path: "^src/", pathNot: ["^src/fleet/", "[.]test[.]ts$"] },
      to: { path: "^src/fleet/(?!protocol/)[^/]+/" },
    },
    ...Object.entries(fleetRooms).map(([room, { may, why }]) => ({
      name: `fleet-${room}`,
      severity: "error",
      comment: why,
      from: { path: `^src/fleet/${room}/`, pathNot: "[.]test[.]ts$" },
      to: {
        path: "^src/fleet/",
        pathNot: [`^src/fleet/${room}/`, ...may.map((other) => `^src/fleet/${other}/`)],
      },
    })),
    ...Object.entries(layers).map(([layer, { may, why }]) => ({
      name: `layer-${layer}`,
      severity: "error",
      comment: why,
      from: { path: `^src/${layer}/`, pathNot: "[.]test[.]ts$" },
      to: { path: "^src/", pathNot: [`^src/${layer}/`, ...may.map((other) => `^src/${other}`)] },
    })),
    {
      name: "pure-layers-do-no-io",
      severity: "error",
      comment: "model, controls and formats must run on texts alone: in tests, in the guard, in an editor",
      from: { path: "^src/(base|model|controls|formats)/", pathNot: "[.]test[.]ts$" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(path|util|url)(/|$)" },
    },
    {
      name: "guard-decides-without-io",
      severity: "error",
      comment:
        "reading, judging and writing a request is pure: what must be known is asked for by the one who calls, so that proxy, plugin and check decide the same. A hash is pure",
      from: { path: "^src/guard/(json|shapes|routes|request|judge)/", pathNot: "[.]test[.]ts$" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "product-needs-no-tests",
      severity: "error",
      comment: "tests and scripts are not shipped",
      from: { path: "^src/", pathNot: "[.]test[.]ts$" },
      to: { path: "^(test|scripts|bench)/" },
    },
    {
      name: "one-way-to-the-database",
      severity: "error",
      comment: "the driver is native and optional, so only the store may load it, and only when it is needed",
      from: { pathNot: ["^src/fleet/store/", "[.]test[.]ts$", "^test/"] },
      to: { path: "node_modules/(better-sqlite3|kysely|pg)/" },
    },
    {
      name: "only-fleet-loads-servers",
      severity: "error",
      comment: "the page's server, its sign-in and its mail are the fleet's: no other command loads them",
      from: { pathNot: ["^src/fleet/server/", "[.]test[.]ts$", "^test/"] },
      to: { path: "node_modules/(hono|@hono|@node-rs|openid-client|nodemailer|@opentelemetry)/" },
    },
    {
      name: "one-way-to-the-engine",
      severity: "error",
      comment: "undici costs start-up time, so only the Engine's client may load it",
      from: { pathNot: "^src/engine/" },
      to: { path: "node_modules/undici/" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js"] },
  },
};
