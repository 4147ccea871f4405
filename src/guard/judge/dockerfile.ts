import { readDockerfile } from "../../formats/dockerfile/read.ts";
import type { NameValue } from "../../model/container-values.ts";
import { checkReference } from "./image/use.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";
import { checkFrontend } from "./solve.ts";

/** Why a Dockerfile may not be built: by another frontend than Docker's, or from images that are not listed. */
export function dockerfileReasons(
  text: string,
  args: readonly NameValue[],
  context: Pick<CheckContext, "policy">,
): readonly Reason[] {
  const frontend = frontendOf(text);
  return [
    ...(frontend === undefined ? [] : checkFrontend(frontend, context)),
    ...imageReasons(text, args, context),
  ];
}

/**
 * The image behind `# syntax=`, in any form that BuildKit knows: of comments with # and //, behind a #! and a BOM. A document
 * of JSON names one, too. Where several stand in front, the one that is not Docker's counts.
 *
 * @see https://github.com/moby/buildkit/blob/v0.13.2/frontend/dockerfile/parser/directives.go
 */
function frontendOf(text: string): string | undefined {
  const plain = text.replace(/^\ufeff/, "");
  if (/^[\s\u0085]*\{/.test(plain)) return "a document of JSON";
  for (const line of plain.split("\n")) {
    if (!/^(#|\/\/)/.test(line)) return undefined;
    const named = /^(?:#|\/\/)[\s\u0085]*syntax\s*=\s*(.+?)\s*$/is.exec(line)?.[1];
    if (named !== undefined) return named.split(" ")[0] ?? named;
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
