import { isImageId, parseImageReference } from "../../model/container/image-reference.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";
import { undecided } from "../undecided.ts";
import { namesVersion } from "./tables/release-names.ts";

export const imageUnpinned: Control = {
  id: "image-unpinned",
  title: "The image is not pinned",
  why: "Without a tag Docker takes `latest`. That tag, and others such as `stable`, `sid` or `prod`, is whatever was pushed last: what was tested is not what is pulled next month, two hosts run different things under one name, and anyone who takes the publisher's account over is in at the next pull. A tag with a version, or with the code name of a release (`debian:bookworm`), narrows that; only a digest (image:tag@sha256:…) ends it.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1195.002", "T1204.003"],
  cwe: [1357, 829],
  where: ["D", "F"],
  references: [
    "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
    "https://docs.docker.com/reference/compose-file/services/#image",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: registry.example:5000/team/web:latest\n" },
      { syntax: "dockerfile", text: "FROM node AS build\nFROM debian:12\nCOPY --from=build /app /app\n" },
    ],
    good: [
      { syntax: "run", text: "docker run nginx:1.27" },
      { syntax: "compose", text: "services:\n  web:\n    build: .\n    image: web\n" },
      {
        syntax: "dockerfile",
        text: "FROM node@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
      },
    ],
  },
  check: {
    image({ references, level }: Image, context) {
      if (level !== "declared") return notApplicable("what a build starts from shows in its Dockerfile");
      const parts = setItems(references).map((item) => judge(item, context));
      return combine([...parts, undecided(...references) ?? pass("nothing unpinned")]);
    },
    container({ image, build, level }: Container, context) {
      if (level !== "declared")
        return notApplicable("which image a container has is settled when it is made");
      if (build.state !== "unset") return notApplicable("it is built here: its Dockerfile says from what");
      if (image.state === "unset") return notApplicable("no image is named");
      return undecided(image) ?? judge(image, context);
    },
  },
  remedy: { image: advise, container: advise },
};

function judge(reference: Fact<string>, { images }: Context): Verdict {
  if (reference.state !== "set") return pass();
  const text = reference.value;
  const { repository, tag, digest } = parseImageReference(text);
  if (digest !== undefined || isImageId(text) || text === "scratch") return pass("a digest");
  const at = { origins: reference.origins, evidence: text, observed: text };
  if (tag === undefined) return fail(`uses ${text} without a tag: the image can change at any time`, at);
  if (!namesVersion(repository, tag))
    return fail(`uses ${text}, whose tag names no version: the image can change at any time`, at);
  if (images?.digests)
    return fail(`uses ${text} without a digest, which bulkhead.yaml asks for: the tag can be moved`, at);
  return pass(`the tag ${tag}`);
}

function advise() {
  return manual(
    "Name a version, best with its digest (image:1.2.3@sha256:…): `docker buildx imagetools inspect IMAGE` shows it, and a bot such as Renovate keeps it fresh.",
  );
}
