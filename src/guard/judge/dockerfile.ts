import { readDockerfile } from "../../formats/dockerfile/read.ts";
import type { NameValue } from "../../model/container-values.ts";
import { checkReference } from "./image/use.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";
import { checkFrontend } from "./solve.ts";

/** Why a Dockerfile may not be built: by a frontend that is not listed, or from images that are not. */
export function dockerfileReasons(
  text: string,
  args: readonly NameValue[],
  context: Pick<CheckContext, "policy">,
): readonly Reason[] {
  const frontend = frontendOf(text);
  const reasons =
    frontend === undefined
      ? []
      : "named" in frontend
        ? checkFrontend(frontend.named, context)
        : against(context.policy, "guard-build-frontend", frontend.unclear);
  return [...reasons, ...imageReasons(text, args, context)];
}

const directives: ReadonlySet<string> = new Set(["syntax", "escape", "check"]);

/**
 * The image behind `# syntax=`. Every other form in which BuildKit looks for one is refused rather than read again: behind
 * `#!`, with `//`, in a document of JSON, and beside a directive that is not known here.
 *
 * @see https://github.com/moby/buildkit/blob/v0.13.2/frontend/dockerfile/parser/directives.go
 */
function frontendOf(text: string): { readonly named: string } | { readonly unclear: string } | undefined {
  const plain = text.replace(/^\ufeff/, "");
  const first = plain.trimStart().slice(0, 2);
  if (plain.startsWith("#!") || first.startsWith("{") || first === "//")
    return {
      unclear: `has a Dockerfile that begins with ${first}: behind that a frontend can be named in another form`,
    };
  for (const line of plain.split("\n")) {
    const equals = line.indexOf("=");
    if (!line.startsWith("#") || equals < 0) return undefined;
    const name = line.slice(1, equals).trim().toLowerCase();
    if (!/^[a-z][a-z0-9]*$/.test(name)) return undefined;
    if (name === "syntax")
      return {
        named:
          line
            .slice(equals + 1)
            .trim()
            .split(" ")[0] ?? "",
      };
    if (!directives.has(name))
      return {
        unclear: `has a Dockerfile with the directive ${name} in its first lines, which is not known: put an empty line above that comment`,
      };
  }
  return undefined;
}

function imageReasons(
  text: string,
  args: readonly NameValue[],
  context: Pick<CheckContext, "policy">,
): readonly Reason[] {
  const { policy } = context;
  if (policy.allow.images.length === 0 && policy.allow.registries.length === 0) return [];
  const { subjects, gaps } = readDockerfile(text, "Dockerfile", { args });
  const views = subjects.flatMap((subject) => (subject.kind === "image" ? subject.views : []));
  if (gaps.length > 0 || views.length === 0) {
    const reason = gaps[0]?.reason ?? "it has no stage";
    return against(
      policy,
      "guard-build-archive",
      `builds from a Dockerfile that the guard does not understand: ${reason}`,
    );
  }
  return views.flatMap(({ references }) =>
    references.flatMap((fact) =>
      fact.state === "set"
        ? checkReference(fact.value, context)
        : against(
            policy,
            "guard-build-archive",
            `builds from an image that cannot be told: ${"reason" in fact ? fact.reason : "its name is not set"}`,
          ),
    ),
  );
}
