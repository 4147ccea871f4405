import { setItems } from "../../model/fact.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

const sysctls = "com.docker.network.endpoint.sysctls";

/** Names of the container's own interface. */
const harmless: ReadonlySet<string> = new Set([
  "com.docker.network.endpoint.ifname",
  "com.docker.network.endpoint.exposedports",
  "com.docker.network.portmap",
]);

export const endpointOption: Control = {
  id: "endpoint-option",
  title: "The network driver gets options for this container",
  why: `\`driver_opts\` of a service's network go to the network driver without a check. \`${sysctls}\` sets kernel parameters of the container's interface, where \`sysctls:\` and its checks do not see them: routing, redirects, source checks. Other drivers and plugins take options of their own.`,
  row: "2.12",
  severity: "info",
  guard: "deny",
  cis: [],
  attack: ["T1557"],
  cwe: [15],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#network",
    "https://docs.docker.com/reference/compose-file/services/#driver_opts",
  ],
  examples: {
    bad: [
      {
        syntax: "run",
        text: `docker run --network name=back,driver-opt=${sysctls}=net.ipv4.conf.IFNAME.forwarding=1 alpine`,
      },
      {
        syntax: "compose",
        text: `services:\n  router:\n    image: alpine\n    networks:\n      back:\n        driver_opts:\n          ${sysctls}: net.ipv4.conf.IFNAME.accept_redirects=1\nnetworks:\n  back:\n`,
      },
    ],
    good: [
      { syntax: "run", text: "docker run --network name=back,alias=web nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    networks:\n      back:\n        aliases: [site]\nnetworks:\n  back:\n",
      },
    ],
  },
  check: {
    container: ({ endpointOptions }) =>
      judgeItems(endpointOptions, ({ value: { network, option, value }, origins }) => {
        if (harmless.has(option)) return pass();
        const what =
          option === sysctls
            ? `sets ${value} on the network ${network}: kernel parameters of its interface, past the check of sysctls`
            : `gives the driver of the network ${network} the option ${option}: what it does depends on the driver`;
        return fail(what, { origins, evidence: `${network} ${option}`, observed: `${option}=${value}` });
      }),
  },
  remedy: {
    container: ({ endpointOptions }) => ({
      kind: "behavioural",
      summary: "Remove the option.",
      patches: setItems(endpointOptions)
        .filter(({ value }) => !harmless.has(value.option))
        .map(({ value }) => ({ op: "remove", field: "endpointOptions", value })),
      breaks: "A router or VPN that needs the kernel parameter stops forwarding packets.",
    }),
  },
};
