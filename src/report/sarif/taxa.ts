import {
  attackVersion,
  cweVersion,
  techniques,
  techniqueUri,
  weaknesses,
  weaknessUri,
} from "../../controls/taxonomies.ts";
import type { ControlInfo, ReportContext } from "../context.ts";

interface Taxon {
  readonly id: string;
  readonly name: string;
  readonly helpUri: string;
}

interface Taxonomy {
  readonly name: string;
  readonly organization: string;
  readonly version: string;
  readonly informationUri: string;
  readonly text: string;
  readonly of: (control: ControlInfo) => readonly Taxon[];
}

/** The lists that rules refer to, in the order of their index. */
export const taxonomies: readonly Taxonomy[] = [
  {
    name: "MITRE ATT&CK",
    organization: "MITRE",
    version: attackVersion,
    informationUri: "https://attack.mitre.org/",
    text: "Tactics and techniques of attackers.",
    of: ({ attack }) => attack.map((id) => ({ id, name: techniques[id], helpUri: techniqueUri(id) })),
  },
  {
    name: "CWE",
    organization: "MITRE",
    version: cweVersion,
    informationUri: "https://cwe.mitre.org/",
    text: "The Common Weakness Enumeration.",
    of: ({ cwe }) => cwe.map((id) => ({ id: `CWE-${id}`, name: weaknesses[id], helpUri: weaknessUri(id) })),
  },
];

/** A taxonomy with the taxa that the rules of a run refer to. */
export function taxonomyOf(
  { text, of, ...about }: Taxonomy,
  rules: ReadonlySet<string>,
  { controls }: Pick<ReportContext, "controls">,
): object {
  const taxa = new Map<string, Taxon>();
  for (const rule of rules) {
    const control = controls(rule);
    for (const taxon of control ? of(control) : []) taxa.set(taxon.id, taxon);
  }
  return {
    ...about,
    shortDescription: { text },
    isComprehensive: false,
    taxa: [...taxa.values()]
      .toSorted((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }))
      .map(({ id, name, helpUri }) => ({ id, name, helpUri, shortDescription: { text: `${name}.` } })),
  };
}

export function relationshipsOf(control: ControlInfo): object {
  const relationships = taxonomies.flatMap(({ name, of }, index) =>
    of(control).map(({ id }) => ({ target: { id, toolComponent: { name, index } }, kinds: ["relevant"] })),
  );
  return relationships.length > 0 ? { relationships } : {};
}
