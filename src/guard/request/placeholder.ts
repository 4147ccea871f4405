/**
 * What a placeholder of a path may stand for. Everything that the Engine itself makes fits: names by its own pattern,
 * ids, references. None but a reference can hold a slash, so none can reach into the rest of the path, as the Engine's
 * own `{name:.*}` would let it.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/daemon/names/names.go
 * @see https://github.com/distribution/reference/blob/main/regexp.go
 */
export type PlaceholderForm = "name" | "execId" | "reference";

/** No name, reference or id of the Engine is longer. */
const longest = 512;

const name = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const execId = /^[a-f0-9]{1,64}$/;

const pathPart = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const hostPart = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `${hostPart}(?:\\.${hostPart})*(?::[0-9]{1,5})?`;
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "[a-z][a-z0-9]*(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}";
const reference = new RegExp(`^(?:${host}/)?${pathPart}(?:/${pathPart})*(?::${tag})?(?:@${digest})?$`);

const forms: Readonly<Record<PlaceholderForm, RegExp>> = { name, execId, reference };

export function formOf(placeholder: string): PlaceholderForm {
  if (placeholder === "image" || placeholder === "plugin") return "reference";
  return placeholder === "exec" ? "execId" : "name";
}

export function fitsPlaceholder(placeholder: string, value: string): boolean {
  return value.length <= longest && forms[formOf(placeholder)].test(value);
}
