import { isRecord, itemsOf } from "../../base/json.ts";
import {
  type Credential,
  credentialsInArguments,
  credentialsInScript,
  credentialsInValue,
  type WrittenCredential,
} from "../../model/credentials/find.ts";
import { type FactList, set } from "../../model/fact.ts";
import { field, type JsonNode, path } from "./json.ts";

/**
 * The credentials of a create request or an inspect document outside of `Env`: the command, the health check, labels,
 * annotations, options of the log and of volumes. An image's `Config` has the first three.
 */
export function readCredentials(config: JsonNode, hostConfig?: JsonNode): FactList<WrittenCredential> {
  const command = field(config, "Cmd");
  const entrypoint = textsOf(field(config, "Entrypoint"));
  const test = field(field(config, "Healthcheck"), "Test");
  const [kind, ...tests] = textsOf(test);
  return [
    ...noted(command, "its command", credentialsInArguments([...entrypoint, ...textsOf(command)])),
    ...noted(
      test,
      "its health check",
      kind === "CMD-SHELL" ? credentialsInScript(tests[0] ?? "") : credentialsInArguments(tests),
    ),
    ...ofMap(field(config, "Labels"), "the label"),
    ...(hostConfig ? ofHost(hostConfig) : []),
  ];
}

function ofHost(hostConfig: JsonNode): FactList<WrittenCredential> {
  const mounts = field(hostConfig, "Mounts");
  return [
    ...ofMap(path(hostConfig, "LogConfig", "Config"), "the log option"),
    ...ofMap(field(hostConfig, "Annotations"), "the annotation"),
    ...itemsOf(mounts.value).flatMap((value, index) =>
      ofMap(
        path(
          { ...mounts, value, pointer: `${mounts.pointer}/${index}` },
          "VolumeOptions",
          "DriverConfig",
          "Options",
        ),
        "the volume option",
      ),
    ),
  ];
}

function ofMap(node: JsonNode, noun: string): FactList<WrittenCredential> {
  if (!isRecord(node.value)) return [];
  return Object.entries(node.value).flatMap(([name, value]) =>
    typeof value === "string"
      ? noted(field(node, name), `${noun} ${name}`, credentialsInValue(name, value))
      : [],
  );
}

function noted(
  { pointer }: JsonNode,
  where: string,
  found: readonly Credential[],
): FactList<WrittenCredential> {
  return found.map((each) => set({ ...each, where }, { pointer }));
}

/** A list of texts, or the one text that the API takes in its place. */
function textsOf({ value }: JsonNode): readonly string[] {
  if (typeof value === "string") return [value];
  return itemsOf(value).filter((item) => typeof item === "string");
}
