import { knownImage } from "../../controls/images/tables/known-images.ts";
import type { readUserAndBase as ReadUserAndBase } from "../../formats/dockerfile/read.ts";
import type { Container } from "../../model/container.ts";
import type { BuildReference } from "../../model/container-values.ts";
import { type Fact, set, unresolved } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Files } from "../../model/reading.ts";
import type { ImageSubject, Subject } from "../../model/subject.ts";
import { placesOf } from "./inline-builds.ts";

/**
 * Tells each container that does not say who runs what its image says: the Dockerfile that `build` names, else the
 * image on the Engine.
 */
export async function joinImages(
  subjects: readonly Subject[],
  images: ReadonlyMap<string, Image>,
  io: Files,
): Promise<readonly Subject[]> {
  const builds = subjects.some(
    (subject) => subject.kind === "container" && subject.views.some((view) => view.build.state === "set"),
  );
  const dockerfiles = builds ? await import("../../formats/dockerfile/read.ts") : undefined;
  const sources: Sources = { images, io, readUserAndBase: dockerfiles?.readUserAndBase };
  return subjects.map((subject) => {
    if (subject.kind === "image") return joinBase(subject, images);
    if (subject.kind !== "container") return subject;
    return { ...subject, views: subject.views.map((view) => joinView(view, sources)) };
  });
}

interface Sources {
  readonly images: ReadonlyMap<string, Image>;
  readonly io: Files;
  /** Loaded only where something is built. */
  readonly readUserAndBase: typeof ReadUserAndBase | undefined;
}

function joinView(view: Container, sources: Sources): Container {
  if (view.imageUser.state === "set" || view.imageUser.state === "unresolved" || view.level === "effective")
    return view;
  if (view.build.state === "set") {
    return { ...view, imageUser: userOfBuild(view.build.value, sources) };
  }
  const reference = view.image;
  if (reference.state !== "set") return view;
  const image = imageOnEngine(reference.value, sources.images);
  return image ? { ...view, imageUser: userOrRoot(image.user) } : view;
}

function userOfBuild(build: BuildReference, sources: Sources): Fact<string> {
  const { dockerfile, dockerfileInline, target, args } = build;
  const options = { ...(target !== undefined && { target }), args };
  if (dockerfileInline !== undefined) {
    const user = userOfText(dockerfileInline, "inline Dockerfile", options, sources);
    if (user.state !== "set") return user;
    const move = placesOf(build, sources.io);
    const origins = user.origins.map((origin) => (isFileOrigin(origin) ? (move(origin) ?? origin) : origin));
    return { ...user, origins };
  }
  if (dockerfile === undefined) return unresolved(`the build context ${build.context} is not a local folder`);
  const text = sources.io.read(dockerfile);
  if (!text.ok) return unresolved(`the Dockerfile ${dockerfile} cannot be read: ${text.reason}`);
  return userOfText(text.value, dockerfile, options, sources);
}

function userOfText(
  text: string,
  file: string,
  options: Parameters<typeof ReadUserAndBase>[2],
  { images, readUserAndBase }: Sources,
): Fact<string> {
  const image = readUserAndBase?.(text, file, options);
  if (!image) return unresolved(`${file} holds no stage that could be built`);
  if (image.user.state !== "unset") return image.user;
  return userOfBase(image.base, images);
}

/** A Dockerfile without USER runs as its base does: as the Engine or the table of known images tells, else root. */
function userOfBase(base: Image["base"], images: ReadonlyMap<string, Image>): Fact<string> {
  if (base.state !== "set") return base.state === "unset" ? set("") : base;
  const image = imageOnEngine(base.value, images);
  if (image) return userOrRoot(image.user);
  return set(knownImage(base.value)?.user ?? "", ...base.origins);
}

function userOrRoot(user: Fact<string>): Fact<string> {
  return user.state === "unset" ? set("") : user;
}

function imageOnEngine(reference: string, images: ReadonlyMap<string, Image>): Image | undefined {
  return images.get(reference) ?? images.get(`${reference}:latest`);
}

/** Tells each Dockerfile's image which user its base sets, where the Engine has the base. */
function joinBase(subject: ImageSubject, images: ReadonlyMap<string, Image>): ImageSubject {
  if (subject.source !== "dockerfile") return subject;
  return {
    ...subject,
    views: subject.views.map((view) => {
      const base = view.base.state === "set" ? imageOnEngine(view.base.value, images) : undefined;
      return base && view.baseUser.state !== "set" ? { ...view, baseUser: userOrRoot(base.user) } : view;
    }),
  };
}
