import type { ImagePatch } from "../../model/patch.ts";
import type { Reading } from "../../model/reading.ts";
import type { Format } from "../format.ts";
import { readsOne, writesOne } from "../one-file.ts";
import type { DockerfileReading } from "./read.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly dockerfile: true;
  }
}

export const dockerfile = {
  nouns: ["Dockerfile", "Dockerfiles"],
  recognise: { name: isDockerfileName, shape: (text) => /^\s*(?:#.*\n\s*)*(?:ARG\s|FROM\s)/i.test(text) },
  sources: { dockerfile: { title: "Dockerfile", nouns: ["Dockerfile", "Dockerfiles"] } },
  read: readsOne(async ({ text, file }, { forWriting }) => {
    const { readDockerfile } = await import("./read.ts");
    return readDockerfile(text, file, { forWriting });
  }),
  write: writesOne(async ({ text, file }, wanted, { reading }) => {
    const { writeDockerfile } = await import("./write.ts");
    return wanted.map(({ patches }) =>
      writeDockerfile({ text, file, reading, patches: patches as readonly ImagePatch[] }),
    );
  }),
} satisfies Format<DockerfileReading | Reading>;

/**
 * Names that only look like it: what docker build ignores for a Dockerfile, prose about it (a manual page, too),
 * templates and programs that make one, what an editor knows of it, backups of one.
 */
const otherwise =
  /\.(?:dockerignore|md|markdown|rst|adoc|txt|html?|json|ya?ml|toml|lock|log|diff|patch|sh|bash|py|rb|js|mjs|ts|go|rs|java|c|h|php|pl|ps1|tf|nix|erb|j2|jinja2?|tmpl|tpl|gotmpl|template|mustache|m4|in|swp|bak|orig|rej|sig|asc|snap|gz|bz2|xz|zst|zip|[1-9]|vim|lua|el|tmlanguage|sublime-syntax)$/i;

/**
 * Whether a file is a Dockerfile by its name: `Dockerfile`, `Dockerfile.dev`, `Dockerfile-dev`, `web.Dockerfile`,
 * `Containerfile`, in any case.
 */
export function isDockerfileName(path: string): boolean {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  if (otherwise.test(name)) return false;
  return /^(?:docker|container)file(?:[._-].+)?$/i.test(name) || /.\.(?:docker|container)file$/i.test(name);
}
