import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { busybox } from "../engine/images.ts";

/** Projects as people write them, each a folder of files with its devcontainer.json. */
const projects: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  image: {
    "devcontainer.json": JSON.stringify({
      image: busybox,
      remoteUser: "root",
      postCreateCommand: "echo made > /tmp/seen",
    }),
  },
  build: {
    "devcontainer.json": JSON.stringify({
      build: { dockerfile: "Dockerfile", args: { TEXT: "made" } },
      features: { "./feature": {} },
      remoteUser: "root",
      mounts: [{ source: "devcontainer-cache", target: "/cache", type: "volume" }],
    }),
    Dockerfile: `FROM ${busybox}\nARG TEXT\nRUN echo $TEXT > /tmp/built\n`,
    "feature/devcontainer-feature.json": JSON.stringify({ id: "feature", version: "1.0.0", name: "A" }),
    "feature/install.sh": "#!/bin/sh\ncp /tmp/built /tmp/seen\n",
  },
  compose: {
    "devcontainer.json": JSON.stringify({
      dockerComposeFile: "compose.yaml",
      service: "app",
      workspaceFolder: "/workspaces/compose",
      postCreateCommand: "ping -c 1 db > /dev/null && echo made > /tmp/seen",
    }),
    "compose.yaml": `
services:
  app: { image: "${busybox}", command: sleep 1000, volumes: ["..:/workspaces/compose"], depends_on: [db] }
  db: { image: "${busybox}", command: sleep 1000, volumes: ["data:/data"] }
volumes: { data: {} }
`,
  },
};

export const projectKinds: readonly string[] = Object.keys(projects);

/** Writes each project into a folder of its name. */
export function layOutProjects(folder: string): void {
  for (const [name, files] of Object.entries(projects)) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, name, ".devcontainer", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}
