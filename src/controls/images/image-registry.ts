import { isImageId, parseImageReference } from "../../model/container/image-reference.ts";
import type { Fact } from "../../model/fact.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";
import { undecided } from "../undecided.ts";

export const imageRegistry: Control = {
  id: "image-registry",
  title: "The image comes from a registry that is not allowed",
  why: "A team that lists its registries wants to know where every program comes from. An image from elsewhere was not scanned or mirrored by it, and its publisher decides what you run.",
  row: undefined,
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1195.002", "T1204.003"],
  cwe: [829],
  where: ["D", "F", "A"],
  references: ["https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image"],
  examples: { bad: [], good: [{ syntax: "run", text: "docker run nginx:1.27" }] },
  check: {
    image: ({ references }, context) =>
      context.images?.registries === undefined
        ? withoutList(...references)
        : combine([...references.map((item) => judge(item, context)), undecided(...references) ?? pass()]),
    container: ({ image, build }, context) => {
      if (context.images?.registries === undefined) return withoutList(image);
      if (build.state === "set") return notApplicable("it is built here: its Dockerfile says from what");
      return undecided(image) ?? judge(image, context);
    },
  },
  remedy: { image: advise, container: advise },
};

/** Nothing is asked for, so that a variable in the name does not matter either. */
function withoutList(...references: readonly Fact<string>[]): Verdict {
  const unseen = references.find(({ state }) => state === "unseen");
  return (unseen && undecided(unseen)) ?? pass("bulkhead.yaml lists no registries");
}

function judge(reference: Fact<string>, { images }: Context): Verdict {
  if (reference.state !== "set" || isImageId(reference.value) || reference.value === "scratch") return pass();
  const { registry, repository } = parseImageReference(reference.value);
  const name = `${registry}/${repository}`;
  const allowed = images?.registries ?? [];
  if (allowed.some((each) => name === each || name.startsWith(`${each.replace(/\/$/, "")}/`)))
    return pass(name);
  return fail(`uses ${reference.value} from ${registry}, which bulkhead.yaml does not allow`, {
    origins: reference.origins,
    evidence: name,
    observed: name,
  });
}

function advise() {
  return manual("Take the image from an allowed registry, or add its registry to images.registries.");
}
