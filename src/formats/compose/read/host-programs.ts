import { container } from "../../../model/container.ts";
import { credentialsInArguments } from "../../../model/credentials/find.ts";
import { exec, type HostProgram } from "../../../model/exec.ts";
import { type Fact, set, unresolved } from "../../../model/fact.ts";
import type { ExecSubject } from "../../../model/subject.ts";
import { entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { missingReason, scalar } from "./facts.ts";

/** `provider:` of a service: docker compose runs the program in a container's place (docker/compose: pkg/compose/plugins.go). */
export function readProvider(file: string, service: string, provider: Node): ExecSubject {
  const type = scalar(get(provider, "type"));
  const missing = type && missingReason(type);
  const origin = originOf(type ?? provider);
  const program: Fact<HostProgram> =
    type === undefined || missing !== undefined
      ? unresolved(missing ?? "the provider has no type", origin)
      : set({ kind: "provider", name: type.text, flags: [] }, origin);
  const options = entriesOf(get(provider, "options")).flatMap(({ name, value }) =>
    (value.kind === "list" ? itemsOf(value) : [value]).flatMap((each) => {
      const text = scalar(each)?.text;
      return text === undefined ? [] : [`--${name}`, text];
    }),
  );
  return subjectOf(`${file}#${service}`, service, provider, program, options);
}

/** `runtime_flags` of a model: flags of the server that Docker Model Runner starts. */
export function readModels(file: string, models: Node | undefined): ExecSubject[] {
  return entriesOf(models).flatMap(({ name, value }) => {
    const flags = get(value, "runtime_flags");
    if (!flags || isNull(flags)) return [];
    const items = itemsOf(flags).flatMap((item) => scalar(item) ?? []);
    const open = items.map(missingReason).find((reason) => reason !== undefined);
    const texts = items.map(({ text }) => text);
    const program: Fact<HostProgram> =
      open === undefined
        ? set({ kind: "model", name, flags: texts }, originOf(flags))
        : unresolved(open, originOf(flags));
    return [subjectOf(`${file}#models.${name}`, `models.${name}`, flags, program, texts)];
  });
}

function subjectOf(
  id: string,
  name: string,
  at: Node,
  hostProgram: Fact<HostProgram>,
  words: readonly string[],
): ExecSubject {
  const origin = originOf(at);
  const credentials = credentialsInArguments(["program", ...words]).map((each) =>
    set({ ...each, where: "an option" }, origin),
  );
  const view = exec("declared", container("declared"), { hostProgram, credentials });
  return { kind: "exec", id, stableId: id, name, source: "compose", location: origin, views: [view] };
}
