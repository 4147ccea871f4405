import { basename } from "node:path";

/** Files that say docker run's options in their own way. */
export type OptionsHost = "quadlet" | "devcontainer" | "jenkins" | "ansible" | "terraform";

export const optionsHostNames: Readonly<Record<OptionsHost, string>> = {
  quadlet: "a Quadlet unit",
  devcontainer: "a devcontainer.json",
  jenkins: "a Jenkinsfile",
  ansible: "an Ansible task",
  terraform: "a Terraform file",
};

/** By the file's name alone. */
export function optionsHostOf(path: string): OptionsHost | undefined {
  const name = basename(path).toLowerCase();
  if (/\.(?:container|pod|kube)$/.test(name)) return "quadlet";
  if (name === "devcontainer.json" || name === ".devcontainer.json") return "devcontainer";
  if (/^jenkinsfile(?:\..+)?$/.test(name) || name.endsWith(".jenkinsfile")) return "jenkins";
  return undefined;
}

/** By its text, where the name tells only its syntax. */
export function optionsHostIn(path: string, text: string): OptionsHost | undefined {
  if (isQuadletPart(path, text)) return "quadlet";
  if (isTerraform(path)) return /["']docker_container["']/.test(text) ? "terraform" : undefined;
  const isTask = /^[\s-]*["']?(?:community\.(?:docker|general)\.)?docker_container["']?\s*:/m;
  return /\.ya?ml$/i.test(path) && isTask.test(text) ? "ansible" : undefined;
}

/** A Quadlet `.network` or `.volume`. systemd-networkd's `.network` files begin with what they match. */
function isQuadletPart(path: string, text: string): boolean {
  if (/\.volume$/i.test(path)) return /^\[Volume\]/m.test(text);
  return /\.network$/i.test(path) && /^\[Network\]/m.test(text) && !/^\[Match\]/m.test(text);
}

export function isTerraform(path: string): boolean {
  return /\.(?:tf|tofu)(?:\.json)?$/i.test(path);
}
