import type { Severity } from "../../model/severity.ts";
import type { ControlInfo } from "../context.ts";

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

// Code scanning sorts security results by a CVSS-like number: over 9 is critical, over 7 high, over 4 medium.
const scores: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.5",
  info: "0.5",
};

export function sarifLevel(severity: Severity): "error" | "warning" | "note" {
  return levels[severity];
}

/** A control as a SARIF reportingDescriptor. One that the registry does not know has its id alone. */
export function ruleOf(id: string, control: ControlInfo | undefined): object {
  if (!control) return { id };
  return {
    id,
    name: pascalCase(id),
    shortDescription: { text: `${control.title}.` },
    fullDescription: { text: control.why },
    ...(control.references[0] === undefined ? {} : { helpUri: control.references[0] }),
    help: { text: helpText(control), markdown: helpMarkdown(control) },
    defaultConfiguration: { level: levels[control.severity] },
    properties: {
      "security-severity": scores[control.severity],
      precision: "high",
      tags: tagsOf(control),
      severity: control.severity,
      row: control.row ?? null,
      cis: control.cis,
    },
  };
}

function tagsOf(control: ControlInfo): readonly string[] {
  return [
    "security",
    "docker",
    ...(control.row === undefined ? [] : [`focus-area-${control.row}`]),
    ...control.cis.map((number) => `cis-docker-${number}`),
  ];
}

function helpText(control: ControlInfo): string {
  const references = control.references.map((reference) => `  ${reference}`).join("\n");
  return `${control.title}.\n\n${control.why}\n\nReferences:\n${references}`;
}

function helpMarkdown(control: ControlInfo): string {
  const cis = control.cis.length > 0 ? `\n\nCIS Docker Benchmark 1.6: ${control.cis.join(", ")}.` : "";
  const references = control.references.map((reference) => `- <${reference}>`).join("\n");
  return `**${control.title}.**\n\n${control.why}${cis}\n\n${references}\n\nOffline: \`bulkhead explain ${control.id}\``;
}

function pascalCase(id: string): string {
  return id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
