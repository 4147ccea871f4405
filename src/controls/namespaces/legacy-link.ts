import type { Container } from "../../model/container.ts";
import { isOpen, setItems, valueOr } from "../../model/fact.ts";
import type { Source } from "../../model/subject.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

/** From this version on the Engine keeps the variables to itself, unless its own environment asks for them. */
const withoutVariables = 29;

export const legacyLink: Control = {
  id: "legacy-link",
  title: "A link hands over another container's environment",
  why: "On the default bridge, `--link db` copies the environment of db into the container as `DB_ENV_…`, passwords included. Docker calls these links legacy. Docker 29 leaves the variables out unless dockerd runs with `DOCKER_KEEP_DEPRECATED_LEGACY_LINKS_ENV_VARS=1`. On a network of your own a link only adds a name.",
  row: "2.12",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1552.001"],
  cwe: [526],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/network/links/#environment-variables",
    "https://docs.docker.com/engine/deprecated/#legacy-links-environment-variables",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --link db nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    network_mode: bridge\n    links: [db]\n  db:\n    image: postgres:17\n    network_mode: bridge\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --network backend nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    links: [db]\n  db:\n    image: postgres:17\n",
      },
    ],
  },
  check: {
    container(container, { source, engine }) {
      const { links, networkMode } = container;
      if (links.length > 0 && isOpen(networkMode)) return unknownFact(networkMode);
      if (!isOnDefaultBridge(container, source)) return judgeItems(links, () => pass());
      const version = engine?.version.state === "set" ? Number.parseInt(engine.version.value, 10) : 0;
      return judgeItems(links, ({ value, origins }) =>
        fail(
          version >= withoutVariables
            ? `links ${value} on the default bridge: Docker keeps such links for old programs only`
            : `links ${value} on the default bridge: it gets the environment variables of ${value}, passwords included`,
          {
            origins,
            evidence: value,
            observed: `--link ${value}`,
            ...(version >= withoutVariables && { severity: "info" }),
          },
        ),
      );
    },
  },
  remedy: {
    container: ({ links }) => ({
      kind: "manual",
      summary: `Put it on a network with ${setItems(links)
        .map(({ value }) => value)
        .join(", ")} and remove the link; names resolve there without it.`,
      patches: [],
    }),
  },
};

/** A Compose service without `network_mode` joins the project's network. */
function isOnDefaultBridge({ networkMode }: Container, source: Source): boolean {
  const mode = valueOr(networkMode, undefined);
  if (mode === undefined) return source !== "compose" && source !== "swarm";
  return mode.mode === "network" && mode.name === "bridge";
}
