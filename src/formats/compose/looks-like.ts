/**
 * Whether a YAML text is a Compose file, told from its shape without parsing it: a `services:` mapping whose services
 * have keys that only Compose services have. Linear, and cheap enough for every YAML file of a repository.
 */
export function looksLikeCompose(text: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i.test(name)) return true;
  const services = /^(?:services|"services"|'services')[ \t]*:[ \t]*(?:[&#][^\n]*)?\r?$/m.exec(text);
  if (!services) return /^\{?\s*"?services"?\s*:\s*\{/.test(text) && serviceKeys.test(text);
  if (/^(?:apiVersion|kind|jobs|on)[ \t]*:/m.test(text)) return false;
  const rest = text.slice(services.index + services[0].length);
  const end = /^[^\s#]/m.exec(rest);
  const block = end ? rest.slice(0, end.index) : rest;
  return serviceKeys.test(block);
}

const serviceKeys = /^(?:[ \t]{2,}|\{).*?\b(?:image|build|extends)["']?[ \t]*:/m;
