import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { folderOf } from "../../formats/compose/load/file-path.ts";
import { projectName } from "../../formats/compose/load/project-name.ts";
import { readCompose } from "../../formats/compose/read.ts";
import { valueOr } from "../../model/fact.ts";
import type { ProofTarget } from "../../prove/subject/subject.ts";

/** What is to be proven: `compose.yaml#web` is a service; `container:` and `image:` say what a name is. */
export function wantedOf(target: string): Result<ProofTarget> {
  if (target.startsWith("container:")) return named("container", target.slice("container:".length));
  if (target.startsWith("image:")) return named("image", target.slice("image:".length));
  const hash = target.lastIndexOf("#");
  if (hash > 0) return service(target.slice(0, hash), target.slice(hash + 1));
  // A file is no name of a container: whoever gives one means a service in it.
  return /\.ya?ml$/i.test(target) && diskFiles().exists(target)
    ? service(target, "")
    : named("either", target);
}

function named(kind: "container" | "image" | "either", name: string): Result<ProofTarget> {
  if (name === "") return failed(`a name is missing: ${kind === "image" ? "image:NAME" : "container:NAME"}`);
  return ok(kind === "image" ? { kind, reference: name } : { kind, name });
}

function service(file: string, name: string): Result<ProofTarget> {
  const io = diskFiles();
  const readable = io.read(file);
  if (!readable.ok) return failed(`${file} cannot be read: ${readable.reason}`);
  const reading = readCompose({ files: [file], io });
  const services = reading.subjects.filter((subject) => subject.kind === "container");
  const found = services.find((subject) => subject.name === name);
  const view = found?.views[0];
  if (!found || !view) {
    const [gap] = reading.gaps;
    if (services.length === 0 && gap) return failed(`${file} cannot be read: ${gap.reason}`);
    const names = services.map((subject) => subject.name);
    if (names.length === 0) return failed(`${file} has no service`);
    if (name === "")
      return failed(`name one service of ${file}: ${names.map((each) => `${file}#${each}`).join(", ")}`);
    return failed(`${file} has no service ${name}; it has ${names.join(", ")}`);
  }
  if (view.image.state === "unresolved")
    return failed(`the image of ${found.id} is not known: ${view.image.reason}`);
  const image = valueOr(view.image, undefined) ?? `${projectOf(file)}-${name}`;
  return ok({ kind: "service", id: found.id, image, view });
}

function projectOf(file: string): string {
  return projectName(file, folderOf(file), diskFiles());
}
