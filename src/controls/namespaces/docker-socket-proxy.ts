import { parseImageReference } from "../../model/container/image-reference.ts";
import type { Container } from "../../model/container.ts";
import { isOpen, setItems, valueOr } from "../../model/fact.ts";
import { fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { isEverywhere } from "./published-port.ts";

export const dockerSocketProxy: Control = {
  id: "docker-socket-proxy",
  title: "A proxy hands on the Docker API",
  why: "A socket proxy is there to let only a few calls of the Docker API through. With POST allowed it lets everyone who reaches it create a privileged container, which is root on the host. Published on the host, everyone who reaches the host reaches it; even without POST they read the environment of every container.",
  row: "1.1",
  severity: "high",
  guard: "byName",
  cis: [],
  attack: ["T1552.007", "T1610"],
  cwe: [284, 668],
  where: ["F", "A"],
  references: [
    "https://github.com/Tecnativa/docker-socket-proxy#grant-or-revoke-access-to-certain-api-sections",
    "https://github.com/wollomatic/socket-proxy",
    "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
  ],
  examples: {
    bad: [
      {
        syntax: "compose",
        text: 'services:\n  proxy:\n    image: tecnativa/docker-socket-proxy:0.3\n    environment: { POST: 1, CONTAINERS: 1 }\n    ports: ["2375:2375"]\n',
      },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  proxy:\n    image: tecnativa/docker-socket-proxy:0.3\n    environment: { CONTAINERS: 1 }\n",
      },
    ],
  },
  check: { container: judge },
  remedy: {
    container: () =>
      manual(
        "Publish no port of it: put it and its one client on an internal network of their own. Allow the paths that the client needs, and no POST unless it must create containers.",
      ),
  },
};

/** Images that are such proxies, and what lets writing calls through. */
const proxies = /(?:^|\/)(?:docker-socket-proxy|socket-proxy|docker-proxy|dockerproxy)$/;

function judge(container: Container): Verdict {
  const { image, environment, command, entrypoint, ports, networkMode } = container;
  if (isOpen(image)) return unknownFact(image);
  const name = valueOr(image, "");
  if (!proxies.test(parseImageReference(name).repository)) return pass("it is not a proxy of the Docker API");
  const writes =
    setItems(environment).find(
      ({ value: { name: key, value = "" } }) =>
        (key === "POST" && /^(?:1|true|yes)$/i.test(value)) || /^SP_ALLOW_(?:POST|PUT|DELETE)/.test(key),
    ) ??
    setItems([...entrypoint, ...command]).find(({ value }) =>
      /^-allow(?:POST|PUT|DELETE)(?:=|$)/i.test(value),
    );
  // On the host's network it listens on the host's own addresses.
  const published =
    setItems(ports).find(({ value }) => isEverywhere(value)) ??
    (networkMode.state === "set" && networkMode.value.mode === "host" ? networkMode : undefined);
  if (!writes && !published) return pass("it reads, and is not published");
  const origins = [...(published?.origins ?? []), ...(writes?.origins ?? [])];
  if (writes && published) {
    return fail(
      "publishes the Docker API with POST allowed: everyone who reaches the host can start a privileged container and own it",
      { origins, severity: "critical", evidence: "POST published", observed: "POST published" },
    );
  }
  return writes
    ? fail(
        "lets POST through to the Docker API: everything on its networks can start a privileged container",
        {
          origins,
          severity: "medium",
          evidence: "POST",
          observed: "POST",
        },
      )
    : fail(
        "publishes the Docker API: everyone who reaches the host reads the settings and variables of every container",
        {
          origins,
          evidence: "published",
          observed: "published",
        },
      );
}
