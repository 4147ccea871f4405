import forgejo from "../../../packaging/ci/forgejo.yaml?raw";
import github from "../../../packaging/ci/github.yml?raw";
import gitlab from "../../../packaging/ci/gitlab.yml?raw";
import jenkins from "../../../packaging/ci/Jenkinsfile?raw";
import preCommit from "../../../packaging/ci/pre-commit.yaml?raw";
import woodpecker from "../../../packaging/ci/woodpecker.yaml?raw";
import type { Files } from "../../model/reading.ts";
import type { CiName } from "./options.ts";

export interface CiFile {
  readonly path: string;
  readonly text: string;
}

const files: Readonly<Record<Exclude<CiName, "none">, CiFile>> = {
  github: { path: ".github/workflows/bulkhead.yml", text: github },
  gitlab: { path: ".gitlab-ci.yml", text: gitlab },
  forgejo: { path: ".forgejo/workflows/bulkhead.yaml", text: forgejo },
  woodpecker: { path: ".woodpecker/bulkhead.yaml", text: woodpecker },
  jenkins: { path: "Jenkinsfile", text: jenkins },
  "pre-commit": { path: ".pre-commit-config.yaml", text: preCommit },
};

/** What a CI keeps in a repository that it builds. */
const signs: readonly (readonly [path: string, name: Exclude<CiName, "none">])[] = [
  [".github", "github"],
  [".gitlab-ci.yml", "gitlab"],
  [".forgejo", "forgejo"],
  [".woodpecker", "woodpecker"],
  [".woodpecker.yaml", "woodpecker"],
  ["Jenkinsfile", "jenkins"],
  [".pre-commit-config.yaml", "pre-commit"],
];

/** The files for the CI that was asked for, or else for each that the folder has signs of. */
export function ciFiles(wanted: CiName | undefined, io: Pick<Files, "exists">): readonly CiFile[] {
  if (wanted === "none") return [];
  if (wanted !== undefined) return [files[wanted]];
  const found = signs.flatMap(([path, name]) => (io.exists(path) ? [name] : []));
  return [...new Set(found)].map((name) => files[name]);
}
