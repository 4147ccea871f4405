import { isAtLeast } from "../model/severity.ts";
import type { ControlResult } from "./evaluate.ts";
import type { Finding } from "./finding.ts";

/**
 * Where a Dockerfile sets no user, its image and each container that is built from it fail alike, and at one line. The image
 * has the finding; the containers point to it.
 */
export function saidOnce<S extends { readonly results: readonly ControlResult[] }>(
  judged: readonly S[],
): readonly S[] {
  const images = new Map<string, Finding>();
  for (const { finding } of judged.flatMap(({ results }) => results)) {
    if (finding?.control !== "image-root-user" || finding.verdict !== "fail" || finding.suppressed) continue;
    for (const place of placesOf(finding)) images.set(place, finding);
  }
  if (images.size === 0) return judged;
  return judged.map((each) => ({ ...each, results: each.results.map((result) => pointing(result, images)) }));
}

function pointing(result: ControlResult, images: ReadonlyMap<string, Finding>): ControlResult {
  const { finding } = result;
  if (finding?.control !== "root-user" || finding.verdict !== "fail" || finding.suppressed) return result;
  const [place, ...others] = placesOf(finding);
  const image = place === undefined || others.length > 0 ? undefined : images.get(place);
  if (!image || !isAtLeast(image.severity, finding.severity)) return result;
  const message = `its image starts as root: see image-root-user of ${image.subject}`;
  return {
    ...result,
    verdict: "notApplicable",
    finding: { ...finding, verdict: "notApplicable", message, fix: null },
  };
}

function placesOf({ locations }: Finding): readonly string[] {
  return [...new Set(locations.map((origin) => JSON.stringify(origin)))];
}
