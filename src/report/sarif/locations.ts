import type { Finding, ReportedSubject } from "../../audit/finding.ts";
import { type FileOrigin, isFileOrigin, isKernelOrigin, type Origin } from "../../model/origin.ts";

/**
 * `locations` has the first place, as viewers expect, and `relatedLocations` the others. What is absent stands at
 * its subject; what no file says has a logical location: the subject, the pointer, the kernel's path.
 */
export function resultLocations(finding: Finding, subject: ReportedSubject | undefined): object {
  const places: readonly Origin[] =
    finding.locations.length > 0
      ? finding.locations
      : subject?.location
        ? [firstLineOf(subject.location)]
        : [];
  const [first, ...others] = places.slice(0, mostLocations);
  return {
    locations: [locationOf(first, finding, subject)],
    ...(others.length > 0
      ? {
          relatedLocations: others.map((origin, index) => ({
            id: index + 1,
            message: { text: "also here" },
            ...locationOf(origin, finding, subject),
          })),
        }
      : {}),
  };
}

/** Code scanning shows no more of one result. */
const mostLocations = 100;

/** A subject's range can be a whole file: viewers should mark where it begins. */
function firstLineOf(location: FileOrigin): FileOrigin {
  if (location.endLine === location.startLine) return location;
  return { ...location, endLine: location.startLine, endColumn: location.startColumn };
}

function locationOf(
  origin: Origin | undefined,
  finding: Finding,
  subject: ReportedSubject | undefined,
): object {
  const self = {
    name: subject?.name ?? finding.subject,
    fullyQualifiedName: finding.subject,
    kind: subject?.kind ?? "object",
  };
  if (!origin) return { ...subjectLocation(finding.subject), logicalLocations: [self] };
  if (isFileOrigin(origin)) return { ...fileLocation(origin), logicalLocations: [self] };
  const name = isKernelOrigin(origin)
    ? [origin.kernel, origin.field].filter(Boolean).join(" ")
    : origin.pointer;
  return {
    ...subjectLocation(finding.subject),
    logicalLocations: [
      {
        ...self,
        name,
        fullyQualifiedName: `${finding.subject} ${name}`,
        kind: isKernelOrigin(origin) ? "resource" : "member",
      },
      self,
    ],
  };
}

/** Code scanning refuses a result without a file: what runs on the Engine stands below the name `docker`. */
function subjectLocation(id: string): object {
  const segments = id.split(/[:/#]/).filter((segment) => segment !== "");
  const uri = ["docker", ...segments].map(encodeSegment).join("/");
  return {
    physicalLocation: { artifactLocation: { uri, uriBaseId: "%SRCROOT%" }, region: { startLine: 1 } },
  };
}

/** A place in a file, or the file as a whole. */
export function fileLocation(place: FileOrigin | { readonly file: string }): object {
  return {
    physicalLocation: {
      artifactLocation: artifactLocation(place.file),
      ...("startLine" in place
        ? {
            region: regionOf(place),
          }
        : {}),
    },
  };
}

export function regionOf({ startLine, startColumn, endLine, endColumn }: FileOrigin): object {
  return { startLine, startColumn, endLine, endColumn };
}

/** A relative path hangs on the folder in which bulkhead ran; an absolute one is a file URL. */
export function artifactLocation(file: string): object {
  const encoded = file
    .replace(/^(?:\.\/)+/, "")
    .split("/")
    .map(encodeSegment)
    .join("/");
  if (file.startsWith("/")) return { uri: `file://${encoded}` };
  return { uri: encoded, uriBaseId: "%SRCROOT%" };
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.replace(/\p{Cs}/gu, "\ufffd"));
}
