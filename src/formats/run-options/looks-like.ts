import { basename } from "node:path";

/** Files that say docker run's options in their own way. */
export type OptionsHost = "quadlet" | "devcontainer" | "jenkins";

export const optionsHostNames: Readonly<Record<OptionsHost, string>> = {
  quadlet: "a Quadlet unit",
  devcontainer: "a devcontainer.json",
  jenkins: "a Jenkinsfile",
};

/** By the file's name alone. */
export function optionsHostOf(path: string): OptionsHost | undefined {
  const name = basename(path).toLowerCase();
  if (name.endsWith(".container")) return "quadlet";
  if (name === "devcontainer.json" || name === ".devcontainer.json") return "devcontainer";
  if (/^jenkinsfile(?:\..+)?$/.test(name) || name.endsWith(".jenkinsfile")) return "jenkins";
  return undefined;
}
