import type { ContainerPatch } from "../../model/patch.ts";
import type { Format } from "../format.ts";
import { composeProjectOf, composeProjects } from "./projects.ts";
import type { ComposeReading } from "./read.ts";
import { spellComposePatch, spellStackPatch } from "./spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly compose: true;
    readonly swarm: true;
  }
}

export const compose = {
  nouns: ["Compose project", "Compose projects"],
  recognise: {
    name: isComposeName,
    opens: isYaml,
    text: looksLikeCompose,
    shape: (text) => !/^\s*\{/.test(text) && servicesIn(text) !== undefined,
  },
  sources: {
    compose: {
      title: "Compose service",
      nouns: ["service", "services"],
      spell: { container: spellComposePatch },
    },
    swarm: {
      title: "Swarm service",
      nouns: ["Swarm service", "Swarm services"],
      spell: { container: spellStackPatch },
    },
  },
  together: { ofWalk: composeProjects, ofNamed: composeProjectOf },
  async read(files, { io, compose: { profiles, envFiles }, forWriting, isPart }) {
    const { readCompose } = await import("./read.ts");
    return readCompose({ files, io, profiles, envFiles, forWriting, isPart });
  },
  async write(files, wanted, { compose: { profiles, envFiles }, reading, io, isPart = false }) {
    const { writeComposeServices } = await import("./write.ts");
    const { edits, refused } = writeComposeServices({
      ...{ files, io, profiles, envFiles, isPart },
      ...(reading && { reading }),
      changes: wanted.map(({ subject, patches }) => ({
        service: subject.name,
        patches: patches as readonly ContainerPatch[],
      })),
    });
    const owners = new Map(
      wanted.flatMap(({ subject, patches }) => patches.map((patch) => [patch, subject.id] as const)),
    );
    return { edits, refused: refused.map((each) => ({ ...each, subject: owners.get(each.patch) ?? "" })) };
  },
} satisfies Format<ComposeReading>;

function isComposeName(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i.test(name);
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/**
 * Whether a YAML text is a Compose file: by its name, or by its shape, a top-level `services:` mapping whose services
 * have keys that only Compose services have. Needs no parser, because it sees every YAML file of a repository.
 */
export function looksLikeCompose(text: string, path: string): boolean {
  if (isComposeName(path)) return true;
  if (!isYaml(path)) return false;
  const block = servicesIn(text);
  return block !== undefined && composeKeys.test(block);
}

/** The top-level mapping `services:`, unless the text is a file of another tool (a CI's workflow, a Kubernetes object). */
function servicesIn(text: string): string | undefined {
  const services = /^["']?services["']?[ \t]*:/m.exec(text);
  if (!services || otherTools.test(text)) return undefined;
  const rest = text.slice(services.index + services[0].length);
  const end = /\n[^\s#]/.exec(rest);
  const block = end ? rest.slice(0, end.index) : rest;
  // GitLab, Travis and Drone have lists under this name.
  return firstCharacter(block) === "-" ? undefined : block;
}

/** The first that is neither blank nor in a comment. */
function firstCharacter(text: string): string | undefined {
  const character = /\S/g;
  for (let found = character.exec(text); found; found = character.exec(text)) {
    if (found[0] !== "#") return found[0];
    const end = text.indexOf("\n", found.index);
    if (end < 0) return undefined;
    character.lastIndex = end;
  }
  return undefined;
}

/** Kubernetes, GitHub Actions (and Forgejo, Gitea), GitLab, Bitbucket, Woodpecker and Drone. */
const otherTools =
  /^["']?(?:apiVersion|kind|jobs|on|stages|steps|pipeline|pipelines|workspace|when)["']?[ \t]*:/m;

const composeKeys =
  /(?:\n[ \t]{2,200}|[{,][ \t]{0,200})["']?(?:image|build|extends|container_name|depends_on|cap_add|security_opt|network_mode|env_file)["']?[ \t]{0,200}:/;
