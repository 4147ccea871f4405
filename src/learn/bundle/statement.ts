import { textAt } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import {
  type BundledWorkload,
  type ImageIdentity,
  predicateType,
  type Statement,
  settingOf,
  statementType,
} from "../../fix/bundle/bundle.ts";
import { imagesOf } from "../../fix/live/running.ts";
import type { Container } from "../../model/container.ts";
import type { Learnt } from "../learnt.ts";
import { learntDocument } from "../report/document.ts";

/** By the reference that a service names, and by the id of what it ran. */
export type ImageIdentities = ReadonlyMap<string, ImageIdentity>;

/** The images that the services ran, and those that their references mean now. */
export async function identitiesOf(
  reader: Pick<EngineClient, "get">,
  learnt: readonly Learnt[],
): Promise<ImageIdentities> {
  const names = learnt.flatMap((each) => [referenceOf(viewOf(each)) ?? [], each.seen?.image ?? []].flat());
  const shown = await imagesOf(reader, names);
  return new Map([...shown].flatMap(([name, { identity }]) => (identity ? [[name, identity]] : [])));
}

/** What was learnt as one statement about its images. Fails where one of them cannot be named. */
export function statementOf(
  learnt: readonly Learnt[],
  images: ImageIdentities,
  {
    version,
    day,
    hostCpus,
  }: { readonly version: string; readonly day: string; readonly hostCpus: number | undefined },
): Result<Statement> {
  const { workloads: documents } = learntDocument(learnt, hostCpus);
  const workloads: BundledWorkload[] = [];
  for (const [at, each] of learnt.entries()) {
    const { id } = each.plan.subject;
    if (each.failure !== undefined) return failed(`${id}: ${each.failure}`);
    const view = viewOf(each);
    const reference = referenceOf(view);
    // What ran is what was learnt from; its name may mean another image by now.
    const identity = images.get(each.seen?.image ?? "");
    if (!view || reference === undefined || !identity) {
      return failed(`${id} names no image: one that is built here has no name to be known by`);
    }
    if (images.get(reference)?.id !== identity.id) {
      return failed(`${id}: ${reference} became another image while it was tried`);
    }
    workloads.push({
      image: { reference, ...identity },
      ...settingOf(view),
      learnt: documents[at] ?? {},
    });
  }
  return ok({
    _type: statementType,
    subject: workloads.map(({ image }) => ({
      name: image.reference,
      digest: { sha256: image.id.replace("sha256:", "") },
    })),
    predicateType,
    predicate: {
      tool: { name: "bulkhead", version },
      made: day,
      architecture: process.arch,
      workloads,
    },
  });
}

function viewOf({ plan }: Learnt): Container | undefined {
  return plan.subject.kind === "container" ? plan.subject.views[0] : undefined;
}

function referenceOf(view: Container | undefined): string | undefined {
  return view?.image.state === "set" && view.build.state === "unset" ? view.image.value : undefined;
}

/** The service of a workload: `web` of `compose.yaml#web`. */
export function serviceOf({ learnt }: BundledWorkload): string {
  const subject = textAt(learnt, "subject") ?? "";
  return subject.slice(subject.lastIndexOf("#") + 1);
}
