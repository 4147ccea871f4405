import { createHash } from "node:crypto";
import { findControl } from "../../../controls/registry.ts";
import type { Severity } from "../../../model/severity.ts";
import { ruleOf, sarifLevel } from "../../../report/sarif.ts";
import { sentence } from "../../../report/words.ts";
import type { FoundRow } from "../../store/findings/findings.ts";
import type { Service } from "../service.ts";
import { shown } from "./findings.ts";

/** The same for a finding in every export, also after it was resolved and came back. */
function uidOf({ host, subject, control }: FoundRow): string {
  return createHash("sha256")
    .update(JSON.stringify([host, subject, control]))
    .digest("hex")
    .slice(0, 32);
}

/**
 * SARIF 2.1.0 for other dashboards, in pieces. A finding of a host has no file: it stands at `docker/HOST/SUBJECT`, and its
 * subject is its logical location.
 */
export async function* sarifOf(rows: AsyncIterable<FoundRow>, service: Service): AsyncGenerator<string> {
  const rules = new Set<string>();
  const { version } = service;
  const driver = `"name":"bulkhead","version":${JSON.stringify(version)}`;
  yield '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"results":[';
  let before = "\n";
  for await (const row of rows) {
    rules.add(row.control);
    yield before + JSON.stringify(resultOf(row, service));
    before = ",\n";
  }
  const all = [...rules].toSorted().map((id) => ruleOf(id, findControl(id)));
  yield `\n],"tool":{"driver":{${driver},"rules":${JSON.stringify(all)}}},"columnKind":"utf16CodeUnits"}]}\n`;
}

function resultOf(row: FoundRow, service: Service): object {
  const { host, hostName, subject, control, verdict, message, severity, image, project, opened, resolved } =
    shown(row, service);
  const path = ["docker", hostName, ...subject.split(":")].map(encodeURIComponent).join("/");
  return {
    ruleId: control,
    kind: verdict === "unknown" ? "open" : "fail",
    level: verdict === "unknown" ? "none" : sarifLevel(severity),
    message: { text: `${hostName}, ${subject}: ${sentence(message)}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: path }, region: { startLine: 1 } },
        logicalLocations: [{ name: subject, fullyQualifiedName: `${host}/${subject}`, kind: "resource" }],
      },
    ],
    partialFingerprints: { "bulkhead/v1": uidOf(row) },
    ...(resolved !== null && { baselineState: "absent" }),
    properties: { severity, host: hostName, image, project, opened: new Date(opened).toISOString() },
  };
}

const severityIds: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 };
const captions = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"];

/**
 * OCSF 1.4, class Compliance Finding (2003): what was judged, by which control, and whether it is over.
 *
 * @see https://schema.ocsf.io/1.4.0/classes/compliance_finding
 */
export function ocsfOf(row: FoundRow, service: Service): object {
  const { host, hostName, subject, control, title, verdict, message, severity, changed, opened, resolved } =
    shown(row, service);
  const known = findControl(control);
  const activity = resolved !== null ? 3 : changed > opened ? 2 : 1;
  const isUnknown = verdict === "unknown";
  const [kind = "", ...name] = subject.split(":");
  return {
    ...{ category_uid: 2, category_name: "Findings", class_uid: 2003, class_name: "Compliance Finding" },
    ...{ activity_id: activity, type_uid: 200_300 + activity, time: resolved ?? changed },
    ...{ severity_id: severityIds[severity], severity: captions[severityIds[severity]] },
    ...(resolved === null ? { status_id: 1, status: "New" } : { status_id: 4, status: "Resolved" }),
    message: sentence(message),
    metadata: {
      version: "1.4.0",
      product: { name: "bulkhead", vendor_name: "bulkhead", version: service.version },
    },
    finding_info: {
      ...{ uid: uidOf(row), title, desc: known?.why ?? title, created_time: opened, modified_time: changed },
    },
    compliance: {
      ...{ control, standards: cisStandards(known?.cis ?? []), requirements: [...(known?.cis ?? [])] },
      ...(isUnknown ? { status_id: 2, status: "Warning" } : { status_id: 3, status: "Fail" }),
    },
    resources: [{ name: name.join(":") || kind, type: kind, uid: `${host}/${subject}`, hostname: hostName }],
  };
}

function cisStandards(numbers: readonly string[]): readonly string[] {
  return numbers.length === 0 ? [] : ["CIS Docker Benchmark"];
}
