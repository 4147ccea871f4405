import { failed } from "../../base/result.ts";
import { readReferences } from "../../formats/dockerfile/read.ts";
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

const mostLines = 2_000;

function imageReasons(
  text: string,
  args: readonly NameValue[],
  context: Pick<CheckContext, "policy">,
): readonly Reason[] {
  const { policy } = context;
  if (policy.allow.images.length === 0 && policy.allow.registries.length === 0) return [];
  // Each line takes time to read, while others wait.
  const references =
    text.split("\n", mostLines + 1).length > mostLines
      ? failed(`it has more than ${mostLines} lines`)
      : readReferences(text, args);
  if (!references.ok)
    return against(
      policy,
      "guard-build-archive",
      `builds from a Dockerfile that the guard does not understand: ${references.reason}`,
    );
  return references.value.flatMap((fact) =>
    fact.state === "set"
      ? checkReference(fact.value, context)
      : against(
          policy,
          "guard-build-archive",
          `builds from an image that is not known: ${"reason" in fact ? fact.reason : "its name is not set"}`,
        ),
  );
}

/** Microseconds of the processor for the Dockerfiles of one session, and how many pairs are judged at all. */
const most = { time: 1_000_000, pairs: 256 };

/** Why a session's Dockerfiles may not be built with these arguments: each with each, and others have their turn between. */
export async function sessionReasons(
  texts: readonly string[],
  sets: readonly (readonly NameValue[])[],
  context: Pick<CheckContext, "policy">,
): Promise<readonly Reason[]> {
  const distinct = [...new Map(sets.map((args) => [JSON.stringify(args), args])).values()];
  const found = new Map<string, Reason>();
  let spent = 0;
  for (const text of texts)
    for (const args of distinct) {
      if (spent > most.time || texts.length * distinct.length > most.pairs) {
        const message =
          "builds so many or such long Dockerfiles in one session that judging them takes too long";
        return [{ rule: "guard-unknown", message }];
      }
      const began = process.cpuUsage();
      for (const reason of dockerfileReasons(text, args, context)) found.set(reason.message, reason);
      const { user, system } = process.cpuUsage(began);
      spent += user + system;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  return [...found.values()];
}
