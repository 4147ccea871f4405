import { failed, ok, type Result } from "../../../base/result.ts";
import type { Container } from "../../../model/container.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import { collectGaps } from "../check/report.ts";
import { type ComposeRequest, loadProject, type Project } from "../load/project.ts";
import { isSwarmStack } from "../read/swarm.ts";
import { at } from "../yaml/node.ts";
import { type Refusal, writeFields } from "./fields/fields.ts";
import type { OpenProject } from "./parsed-file.ts";
import { withEdits } from "./project-view.ts";
import { serviceEdits } from "./service-edits.ts";
import { findTarget } from "./target.ts";
import { serviceMap } from "./update.ts";
import type { ServiceDraft } from "./yaml/draft.ts";
import { child, isAliasLeaf, treeOf } from "./yaml/tree.ts";

/** A service that can be written. */
export interface OpenService {
  readonly service: string;
  /** How long the text is that it stands in. */
  readonly length: number;
  /** Whether it takes things over from elsewhere, so that others should be written before it. */
  readonly isDerived: boolean;
  readonly write: (patches: readonly ContainerPatch[]) => {
    readonly edits: readonly Edit[];
    readonly refused: readonly Refusal[];
  };
}

export function loadQuietly(request: ComposeRequest): Project {
  return loadProject(request.files[0] ?? "", request, collectGaps());
}

export function openService(
  service: string,
  before: Container,
  request: ComposeRequest,
  project: OpenProject,
): Result<OpenService> {
  const { model } = project;
  const merged = at(model, "services", service);
  if (!model || !merged) return failed("the files have no such service");
  const found = findTarget(service, request, project);
  if (!found.ok) return found;
  const target = found.value;
  const { layout, own, anchors, inFlow, isLayered, pair } = target;
  const tree = treeOf(pair.value, layout.text);
  const start = serviceMap(tree);
  if (!start) return failed("the service is no mapping");
  const draft: ServiceDraft = {
    before,
    merged,
    own,
    get swarm() {
      return isSwarmStack(request.files[0] ?? "", model);
    },
    inFlow: inFlow || (start.yaml?.flow ?? false),
    anchors,
    layout,
    remaining(changed, path) {
      if (!isLayered) return undefined;
      const then = loadQuietly(withEdits(request, serviceEdits(changed, target)));
      return at(then.model, "services", service, ...path);
    },
  };
  return ok({
    service,
    length: layout.text.length,
    isDerived: isLayered || isAliasLeaf(tree) || child(start, "<<") !== undefined,
    write(patches) {
      const written = writeFields(start, patches, draft);
      const edits = written.tree === start ? [] : serviceEdits(written.tree, target);
      return { edits, refused: written.refused };
    },
  });
}
