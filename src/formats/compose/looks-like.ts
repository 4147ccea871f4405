/**
 * Whether a YAML text is a Compose file: by its name, or by its shape, a top-level `services:` mapping whose services
 * have keys that only Compose services have. Told without parsing, in one pass, for every YAML file of a repository.
 */
export function looksLikeCompose(text: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i.test(name)) return true;
  if (!/\.ya?ml$/i.test(name)) return false;
  const block = servicesIn(text);
  return block !== undefined && composeKeys.test(block);
}

/** The top-level mapping `services:`, unless the text is a file of another tool (a CI's workflow, a Kubernetes object). */
export function servicesIn(text: string): string | undefined {
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
