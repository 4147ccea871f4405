import { isRecord, textAt, textsOf } from "../../base/json.ts";
import type { Image } from "../../model/image.ts";
import type { ImageSubject } from "../../model/subject.ts";
import { imageFromInspect } from "../documents/image.ts";
import type { Inspected } from "./containers.ts";
import type { Questions } from "./questions.ts";

export interface ReadImages {
  readonly subjects: readonly ImageSubject[];
  readonly byId: ReadonlyMap<string, Image>;
}

/** Each image once: those of the containers by id (they may have lost their name), those asked for by reference. */
export async function readImages(
  containers: readonly Inspected[],
  references: readonly string[],
  questions: Questions,
): Promise<ReadImages> {
  const ids = [...new Set(containers.flatMap(({ imageId }) => imageId ?? []))];
  const [used, histories, asked] = await Promise.all([
    Promise.all(ids.map((id) => inspect(id, { mayVanish: true }, questions))),
    Promise.all(ids.map((id) => history(id, questions))),
    Promise.all([...new Set(references)].map((name) => inspect(name, { mayVanish: false }, questions))),
  ]);
  const byId = new Map<string, Image>();
  const subjects = new Map<string, ImageSubject>();
  for (const [index, document] of asked.entries()) {
    if (document === undefined) continue;
    const name = [...new Set(references)][index] ?? "";
    const view = imageFromInspect(document, await history(name, questions));
    subjects.set(textAt(document, "Id") ?? name, subject(name, view));
  }
  for (const [index, document] of used.entries()) {
    const id = ids[index];
    if (id === undefined || document === undefined) continue;
    const image = imageFromInspect(document, histories[index]);
    byId.set(id, image);
    if (subjects.has(textAt(document, "Id") ?? id)) continue;
    subjects.set(id, subject(nameOf(document, id, containers), image));
  }
  return { subjects: [...subjects.values()], byId };
}

async function inspect(
  reference: string,
  { mayVanish }: { readonly mayVanish: boolean },
  questions: Questions,
): Promise<unknown> {
  return await questions.ask(`/images/${encodeReference(reference)}/json`, {
    otherwise: `the image ${reference} cannot be inspected`,
    subject: `image:${reference}`,
    mayVanish,
  });
}

/** What made the image's layers. An image that is gone meanwhile has none, and its inspection tells so. */
async function history(reference: string, questions: Questions): Promise<unknown> {
  return await questions.ask(`/images/${encodeReference(reference)}/history`, {
    otherwise: `the history of the image ${reference} cannot be read`,
    subject: `image:${reference}`,
    mayVanish: true,
  });
}

/** A reference keeps its slashes: the API takes the rest of the path as its name. */
function encodeReference(reference: string): string {
  return reference.split("/").map(encodeURIComponent).join("/");
}

/** The tag that a container was started by, else the first tag or digest, else what a container calls it. */
function nameOf(document: unknown, id: string, containers: readonly Inspected[]): string {
  const tags = isRecord(document) ? textsOf(document.RepoTags) : [];
  const digests = isRecord(document) ? textsOf(document.RepoDigests) : [];
  const written = containers.flatMap(({ imageId, container: { image } }) =>
    imageId === id && image.state === "set" ? [image.value] : [],
  );
  const tag = tags.find((each) => written.some((name) => each === name || each === `${name}:latest`));
  return tag ?? tags[0] ?? digests[0] ?? written[0] ?? id;
}

function subject(name: string, view: Image): ImageSubject {
  const id = `image:${name}`;
  return { kind: "image", id, name, stableId: id, source: "engine-api", location: undefined, views: [view] };
}
