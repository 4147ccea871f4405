import type { Container } from "../../model/container.ts";
import type { PublishedPort } from "../../model/container-values.ts";
import { isCredentialName } from "../../model/credentials/names.ts";
import { type originsOf, setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { manual } from "../control.ts";
import { judgeFact, judgeItems } from "../facts.ts";
import { openServer } from "./open-servers.ts";

export const publishedPort: Control = {
  id: "published-port",
  title: "A port is published on all interfaces",
  why: "`-p 5432:5432` listens on every address of the host, the public one too, and Docker's rules come before those of ufw and firewalld: many a database was on the Internet behind a firewall that said otherwise. A port that only the host or a reverse proxy on it needs belongs on 127.0.0.1; containers that talk to one another need no published port at all.",
  row: "2.12",
  severity: "low",
  guard: "byName",
  cis: ["5.14"],
  attack: ["T1190", "T1133"],
  cwe: [668, 1327],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/network/port-publishing/",
    "https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw",
    "https://docs.docker.com/reference/compose-file/services/#ports",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -p 5432:5432 postgres" },
      { syntax: "run", text: "docker run -P nginx" },
      {
        syntax: "compose",
        text: 'services:\n  db:\n    image: postgres\n    ports:\n      - "[::]:5432:5432"\n',
      },
    ],
    good: [
      { syntax: "run", text: "docker run -p 127.0.0.1:5432:5432 postgres" },
      {
        syntax: "compose",
        text: 'services:\n  db:\n    image: postgres\n    ports:\n      - target: 5432\n        published: "5432"\n        host_ip: ::1\n',
      },
    ],
  },
  check: {
    container(container) {
      const mode = container.networkMode.state === "set" ? container.networkMode.value.mode : undefined;
      if (mode === "host")
        return notApplicable("on the host's network nothing is published: every port is open as it is");
      if (mode === "none" || mode === "container")
        return notApplicable("it publishes nothing: it has no network, or shares another container's");
      return combine([
        judgeAll(container),
        judgeItems(container.ports, ({ value, origins }) => judgePort(container, value, origins)),
      ]);
    },
  },
  remedy: {
    container: (container, { source }) =>
      source === "swarm" || source === "service-command"
        ? manual(
            "Swarm publishes on every node and address: keep the port behind a firewall in the DOCKER-USER chain, or leave it out and join the services by an overlay network.",
          )
        : {
            kind: "decision",
            summary: "Publish on the loopback address, or on the one address that must be reachable.",
            patches: patches(container),
            breaks:
              "Other machines no longer reach the port; put a reverse proxy in front, or name the address they use.",
          },
  },
};

function judgeAll({ publishAllPorts }: Container): Verdict {
  return judgeFact(publishAllPorts, (all, origins) =>
    all
      ? fail(
          "publishes every exposed port of its image on all interfaces (-P): whatever listens is reachable from outside",
          {
            origins,
            evidence: "-P",
            observed: "-P",
          },
        )
      : pass(),
  );
}

function judgePort(
  { image, job, environment, command }: Container,
  port: PublishedPort,
  origins: ReturnType<typeof originsOf>,
): Verdict {
  if (!isEverywhere(port)) return pass();
  const { hostIp, hostPort, containerPort, protocol } = port;
  const isSame = hostPort === containerPort && protocol === "tcp";
  const inside = isSame ? "" : ` (container port ${containerPort}/${protocol})`;
  const spelled = `${hostPort ?? "a free port"}${inside}`;
  const server = openServer(valueOr(image, undefined), containerPort, protocol);
  const at = {
    origins,
    evidence: `${containerPort}/${protocol}`,
    observed: `${hostIp ?? "0.0.0.0"}:${hostPort ?? ""}`,
  };
  // The job needs the port, and what it leads to is empty before and gone after it.
  if (job?.isOfCi) {
    const who = server === undefined ? "it" : server.name;
    return fail(
      `publishes ${spelled} on all interfaces of the CI's machine: while the job runs, everyone who reaches that machine reaches ${who}`,
      { ...at, severity: "low" },
    );
  }
  if (server !== undefined) {
    const hasPassword =
      setItems(environment).some(({ value: { name, value } }) => value !== "" && isCredentialName(name)) ||
      setItems(command).some(({ value }) => isCredentialName(value.replace(/^--?|=.*$/gs, "")));
    return fail(
      `publishes ${spelled} on all interfaces: everyone who reaches the host reaches ${server.name}${server.isOpen && !hasPassword ? ", which asks for no password by default" : ""}, past the host's own firewall rules`,
      { ...at, severity: "high" },
    );
  }
  return fail(
    `publishes ${spelled} on all interfaces${hostIp ? ` (${hostIp})` : ""}: every machine that reaches the host reaches it, past the host's own firewall rules`,
    at,
  );
}

/** An IPv4 address as Go reads it, without leading zeros; or what looks like an IPv6 address. */
const readable = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$|^(?=.*:)[\da-f:.]+$/i;

/**
 * No address is Docker's default, 0.0.0.0 and [::], unless dockerd's `ip` says otherwise. An address that it cannot read (127.0.0.300) counts
 * as none.
 */
export function isEverywhere({ hostIp = "" }: PublishedPort): boolean {
  const address = hostIp.replace(/^\[(.*)\]$/, "$1");
  return !readable.test(address) || /^(?:0\.0\.0\.0|[0:]+|::ffff:0\.0\.0\.0)$/i.test(address);
}

function patches({ ports, publishAllPorts }: Container): readonly ContainerPatch[] {
  const loopback = (port: PublishedPort): PublishedPort => ({
    ...port,
    hostIp: port.hostIp?.includes(":") ? "::1" : "127.0.0.1",
  });
  const replaced = setItems(ports)
    .filter(({ value }) => isEverywhere(value))
    .map(({ value }): ContainerPatch => ({ op: "replace", field: "ports", value, with: loopback(value) }));
  const all = publishAllPorts.state === "set" && publishAllPorts.value;
  return all ? [{ op: "set", field: "publishAllPorts", value: false }, ...replaced] : replaced;
}
