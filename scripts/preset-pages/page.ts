import { presetNames } from "../../src/guard/policy/presets/preset-names.ts";
import type { Preset } from "../../src/guard/policy/presets/preset-shape.ts";
import { presets } from "../../src/guard/policy/presets/presets.ts";
import { describeCall } from "./calls.ts";
import { type ToolPage, toolPages } from "./tools.ts";

export const presetsWithPage = presetNames.filter((name) => name !== "docker-socket-proxy");
type Name = (typeof presetsWithPage)[number];

/** docs/guard/NAME.md: a Compose file to paste, what the tool may do and what not, and how to see that it works. */
export function presetPage(name: Name): string {
  const preset: Preset = presets[name];
  const page = toolPages[name];
  const socket = "/run/bulkhead/docker.sock";
  return [
    `# ${page.heading}`,
    "",
    "Paste this as compose.yaml:",
    "",
    "```yaml",
    composeFile(name, page).replace(/\bSOCKET\b/g, socket),
    "```",
    "",
    ...(page.policy === undefined ? [] : policyFile(name, page.policy.replace(/\bSOCKET\b/g, socket))),
    "```sh",
    "docker build -f packaging/Dockerfile --target guard -t bulkhead-guard:0.1.0 .   # once, in bulkhead's repository",
    ...(page.hostFolder === undefined ? [] : [`sudo install -d -o 65532 ${page.hostFolder}`]),
    "DOCKER_GID=$(stat -c %g /var/run/docker.sock) docker compose up -d",
    "```",
    "",
    "## What it may do",
    "",
    ...mayDo(preset),
    "",
    "## What it may not do",
    "",
    ...mayNot(preset),
    "",
    "## How to check",
    "",
    `- ${page.check.replace(/\bSOCKET\b/g, socket)}`,
    `- \`docker compose logs guard\` has one line for each decision. In normal work no line has \`"verdict":"deny"\`.`,
    `- \`bulkhead guard policy --preset ${name}\` prints the whole policy.`,
    `- \`bulkhead guard try --preset ${name} -- COMMAND\` runs one command, and says what would be denied.`,
    "",
    `Where the calls come from: ${preset.sources.map((source, at) => `[${at + 1}](${source})`).join(", ")}. A test sends them through the guard to a real Engine.`,
    "",
  ].join("\n");
}

function composeFile(
  name: Name,
  { services, policy, hostFolder, seesHost = false, volumes = [] }: ToolPage,
): string {
  const config = seesHost
    ? "--config, /etc/bulkhead/bulkhead.yaml, --host-root, /host"
    : "--config, /etc/bulkhead/bulkhead.yaml";
  const options = policy === undefined ? `--preset, ${name}` : config;
  const named = [...(hostFolder === undefined ? ["sockets"] : []), ...volumes];
  return [
    "services:",
    "  guard:",
    "    image: bulkhead-guard:0.1.0",
    `    command: [${options}, --listen, "unix://SOCKET,mode=0666"]`,
    '    user: "65532:65532"',
    "    # The group that can open the Engine's socket.",
    '    group_add: ["${DOCKER_GID:-999}"]',
    "    network_mode: none",
    "    read_only: true",
    "    cap_drop: [ALL]",
    '    security_opt: ["no-new-privileges:true"]',
    "    mem_limit: 256m",
    "    pids_limit: 50",
    "    # It logs one line for each decision; this driver rotates them.",
    "    logging: { driver: local }",
    ...(policy === undefined
      ? []
      : ["    configs: [{ source: policy, target: /etc/bulkhead/bulkhead.yaml }]"]),
    "    volumes:",
    "      - /var/run/docker.sock:/var/run/docker.sock:ro # bulkhead-ignore docker-socket-mount -- only the guard has it",
    `      - ${hostFolder === undefined ? "sockets" : hostFolder}:/run/bulkhead`,
    ...(seesHost
      ? [
          "      # Where links in the folders of the policy lead. User 65532 must be able to list them.",
          "      - /:/host:ro # bulkhead-ignore docker-socket-mount,host-dev-mount,host-proc-mount,sensitive-host-mount -- only the guard has it",
        ]
      : []),
    "    restart: unless-stopped",
    ...(services === "" ? [] : ["", services, "    restart: unless-stopped"]),
    ...(policy === undefined
      ? []
      : [
          "",
          "configs:",
          // Docker Compose cannot copy a config's content into a container whose root is read-only; a file it mounts.
          "  policy: { file: ./bulkhead.yaml }",
        ]),
    ...(named.length === 0 ? [] : ["", "volumes:", ...named.map((each) => `  ${each}: {}`)]),
  ].join("\n");
}

function policyFile(name: Name, policy: string): readonly string[] {
  const lines = policy.split("\n").map((line) => `  ${line}`);
  return [
    "and this as bulkhead.yaml beside it:",
    "",
    "```yaml",
    "guard:",
    `  preset: ${name}`,
    ...lines,
    "```",
    "",
  ];
}

function mayDo({ calls }: Preset): readonly string[] {
  if (calls === "everything")
    return [
      "Everything but swarm and plugins. What it makes is judged and hardened as by the default policy:",
      "a privileged container, the host's folders and namespaces are denied.",
    ];
  const byWords = new Map<string, readonly string[]>();
  for (const call of new Set(calls)) {
    const words = describeCall(call);
    byWords.set(words, [...(byWords.get(words) ?? []), `\`${call.replaceAll("{}", "ID")}\``]);
  }
  return [...byWords].map(([words, each]) => `- ${words} (${each.join(", ")})`);
}

function mayNot({ calls, words, note, hardens }: Preset): readonly string[] {
  const makes = calls === "everything" || calls.includes("POST /containers/create");
  return [
    "Everything else is answered with status 403 and a reason.",
    ...(words.redact === true ? ["It sees names of environment variables, and no value."] : []),
    ...(makes && hardens
      ? [
          "A container that it makes gets what is missing (`no-new-privileges`, a limit of processes, log rotation).",
          "A privileged container, the Docker socket and the host's namespaces are denied.",
          "Folders of the host are denied unless `allow.mounts` names them.",
        ]
      : []),
    ...(note === undefined ? [] : ["", note]),
  ];
}
