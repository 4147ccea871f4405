import type { MapNode } from "../yaml/node.ts";
import { type Missing, readDocuments } from "./documents.ts";
import { applyExtends } from "./extends.ts";
import { importIncludes } from "./include.ts";
import type { Loading, Setting } from "./loading.ts";
import { overlay } from "./merge.ts";

/**
 * The files of a project merged in order, each with what it includes and extends (compose-go: loader/loader.go,
 * loadYamlModel). `missing` is told of a file that cannot be read. Undefined where none holds anything.
 */
export function loadModel(
  files: readonly string[],
  setting: Setting,
  loading: Loading,
  missing: Missing,
): MapNode | undefined {
  let model: MapNode | undefined;
  for (const file of files) {
    for (const document of readDocuments(file, setting, loading, missing)) {
      const complete = importIncludes(document, file, setting, loading, loadModel);
      const extended = applyExtends(complete, file, setting, loading);
      model = model ? overlay(model, extended, loading) : extended;
    }
  }
  return model;
}
