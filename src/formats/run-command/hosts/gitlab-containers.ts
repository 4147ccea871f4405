import { failed } from "../../../base/result.ts";
import { type Engine, engine } from "../../../model/engine.ts";
import { set } from "../../../model/fact.ts";
import { sightOf, unseenIn } from "../../../model/sight.ts";
import { unseenEngine } from "../acts.ts";
import { type Dialect, dockerRun } from "../dialect.ts";
import type { Surroundings } from "../read/line-facts.ts";
import type { RunCommand } from "../shell/commands.ts";
import type { Binding } from "../shell/scope.ts";
import type { Word } from "../word.ts";
import type { HostedEngine } from "./host.ts";
import { assignmentPieces, impliedWords, spanOf, templateWord } from "./templates.ts";
import type { Entry, Yaml } from "./yaml-text.ts";

/** Aliases can multiply a text without end: each container is read once, and only so many words in all. */
export interface Bounds {
  readonly seen: Set<unknown>;
  readonly budget: { left: number };
}

type Variables = ReadonlyMap<string, Binding>;

const runners = "the GitLab runner's config.toml says it";

/** What the file says of a container is its image, its user and its variables; the rest is the runner's. */
const gitlabJob: Dialect = {
  ...dockerRun,
  command: "the job",
  source: "gitlab-ci",
  hasSecurityOptions: false,
  silent: unseenIn({
    ...Object.fromEntries(Object.keys(sightOf("run")).map((field) => [field, { unseen: runners }])),
    image: "read",
    build: "default",
    environment: "read",
  } as never),
  spell: () => failed(runners),
  job: { why: "the runner removes it after the job", isOfCi: true },
};

const variable = /\$\{\w+\}|\$\w+|\$\[\[[^\]]*\]\]/g;

/**
 * The containers that a job, or the defaults of all jobs, ask the runner for: `image:` and `services:`
 * (https://docs.gitlab.com/ci/yaml/#image, https://docs.gitlab.com/ci/services/).
 */
export function containersOfJob(
  yaml: Yaml,
  job: unknown,
  name: string,
  variables: Variables,
  own: unknown,
  { seen, budget }: Bounds,
): readonly RunCommand[] {
  const known = (template: string) => textOf(variables.get(template.replaceAll(/[${}]/g, "")));
  const containers = [{ node: yaml.at(job, "image"), called: name, env: own }];
  const services = yaml.at(job, "services");
  // The services that !reference names are read in the job that has them.
  const items = services?.tag === "!reference" ? [] : yaml.items(services);
  for (const node of items) {
    const called = yaml.text(yaml.at(node, "alias")) ?? `${name} service`;
    containers.push({ node, called, env: yaml.at(node, "variables") });
  }
  return containers.flatMap(({ node, called, env }) => {
    const pieces = yaml.pieces(node) ?? yaml.pieces(yaml.at(node, "name"));
    if (!pieces || pieces.length === 0 || seen.has(node) || budget.left <= 0) return [];
    seen.add(node);
    const image = templateWord(pieces, variable, known);
    const user = yaml.pieces(yaml.at(node, "docker", "user"));
    const words = [
      ...impliedWords(["--name", called], image.at),
      ...(user ? [...impliedWords(["--user"], spanOf(user)), templateWord(user, variable, known)] : []),
      ...yaml.entries(env).flatMap((entry) => variableWords(yaml, entry)),
      image,
    ];
    budget.left -= 2 * words.length;
    return [{ words, at: image.at, passed: () => undefined, dialect: gitlabJob }];
  });
}

function textOf(binding: Binding | undefined): string | undefined {
  return binding?.kind === "text" ? binding.pieces.map(({ text }) => text).join("") : undefined;
}

/** `NAME: value` and `NAME: { value: … }`, which the container gets. */
function variableWords(yaml: Yaml, entry: Entry): readonly Word[] {
  const pieces = yaml.pieces(entry.value) ?? yaml.pieces(yaml.at(entry.value, "value"));
  if (!pieces) return [];
  const word = templateWord(assignmentPieces(entry, pieces), variable);
  return [...impliedWords(["--env"], word.at), word];
}

/**
 * The Docker Engine that a `docker:dind` service starts on the network without TLS, because the variables or its command turn
 * TLS off (https://docs.gitlab.com/ci/docker/using_docker_build/#docker-in-docker-with-tls-disabled-in-the-docker-executor).
 */
export function openEngineOf(
  yaml: Yaml,
  job: unknown,
  variableNodes: readonly unknown[],
  around: Surroundings,
): HostedEngine | undefined {
  const dind = yaml.items(yaml.at(job, "services")).find((node) => {
    const image = yaml.text(node) ?? yaml.text(yaml.at(node, "name")) ?? "";
    return /(?:^|[/:-])dind\b/.test(image) || /-dind\b/.test(image);
  });
  if (!dind) return undefined;
  const nodes = [yaml.at(dind, "variables"), ...variableNodes];
  const entryOf = (name: string) =>
    nodes.flatMap((node) => yaml.entries(node)).find(({ key }) => key === name);
  const textOfEntry = (entry: Entry | undefined) =>
    entry && (yaml.text(entry.value) ?? yaml.text(yaml.at(entry.value, "value")));
  const folder = entryOf("DOCKER_TLS_CERTDIR");
  const host = entryOf("DOCKER_HOST");
  const off = [...yaml.items(yaml.at(dind, "command"))].find((item) =>
    /^--tls=(?:false|0)$/.test(yaml.text(item) ?? ""),
  );
  const isOff = folder !== undefined && textOfEntry(folder) === "";
  const isPlain = /^tcp:\/\/[^/]*:2375\b/.test(textOfEntry(host) ?? "") && folder === undefined;
  const pieces = off
    ? yaml.pieces(off)
    : isOff
      ? folder.keyPieces
      : isPlain
        ? (yaml.pieces(host?.value) ?? host?.keyPieces)
        : undefined;
  if (!pieces) return undefined;
  const at = spanOf(pieces);
  return { view: openEngine(around.locate(at)), at };
}

function openEngine(origin: ReturnType<Surroundings["locate"]>): Engine {
  return engine("declared", {
    ...unseenEngine,
    listenAddresses: [set({ address: "tcp://0.0.0.0:2375", tls: "none" }, origin)],
  });
}
