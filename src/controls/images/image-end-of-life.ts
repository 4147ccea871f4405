import { parseImageReference } from "../../model/container/image-reference.ts";
import type { Fact } from "../../model/fact.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";
import { undecided } from "../undecided.ts";
import { supportOf } from "./tables/release-names.ts";
import { runtimeOf } from "./tables/runtime-releases.ts";

export const imageEndOfLife: Control = {
  id: "image-end-of-life",
  title: "The image's release gets no security fixes any more",
  why: "After the end of support nobody fixes the holes of a distribution, a language or a database for free. They are public, and a rebuild of the image does not close them.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1190", "T1195.001"],
  cwe: [1104, 1395],
  where: ["D", "F"],
  references: [
    "https://wiki.debian.org/LTS",
    "https://wiki.ubuntu.com/Releases",
    "https://alpinelinux.org/releases/",
    "https://devguide.python.org/versions/",
  ],
  examples: {
    bad: [],
    good: [{ syntax: "dockerfile", text: "FROM debian:trixie-slim\n" }],
  },
  check: {
    image: ({ references, level }, context) =>
      level === "declared"
        ? combine([...references.map((item) => judge(item, context)), undecided(...references) ?? pass()])
        : notApplicable("what a build starts from shows in its Dockerfile"),
    container: ({ image, build, level }, context) =>
      level !== "declared" || build.state === "set"
        ? pass("its image is judged by itself")
        : (undecided(image) ?? judge(image, context)),
  },
  remedy: { image: advise, container: advise },
};

function judge(reference: Fact<string>, { today }: Context): Verdict {
  if (reference.state !== "set" || today === undefined) return pass();
  const { repository, tag } = parseImageReference(reference.value);
  const known = tag === undefined ? [] : [runtimeOf(repository, tag), supportOf(repository, tag)];
  const support = known.find((each) => each && each.until < today);
  if (!support) return pass(known.find((each) => each)?.title);
  return fail(`uses ${reference.value}, on ${support.title}: its security fixes ended on ${support.until}`, {
    origins: reference.origins,
    evidence: reference.value,
    observed: support.title,
  });
}

function advise() {
  return manual("Move to a release that is supported, and test what is built on it.");
}
