import { createColors } from "picocolors";
import type { Finding } from "../audit/finding.ts";
import { wrap } from "../base/width.ts";
import type { Control, Example, GuardDefault, Guidance, Where } from "../controls/control.ts";
import { guidanceOf } from "../controls/guidance.ts";
import { cisNumbers, techniques, techniqueUri, weaknesses, weaknessUri } from "../controls/taxonomies.ts";

/** An example with what the control says of it: undefined where it finds nothing. */
export interface TriedExample {
  readonly example: Example;
  readonly finding: Finding | undefined;
}

const places: Readonly<Record<Where, string>> = {
  F: "Compose files, Swarm stacks and `docker run` lines",
  D: "Dockerfiles",
  J: "daemon.json and dockerd's flags",
  A: "containers and images on the Engine",
  K: "the kernel, for running containers",
  E: "the live Engine and its host",
};

const guarding: Readonly<Record<GuardDefault, string | undefined>> = {
  deny: "denies by default",
  harden: "hardens by default",
  byName: "if its policy names it",
  off: undefined,
};

const fences: Readonly<Record<Example["syntax"], string>> = {
  compose: "yaml",
  run: "sh",
  dockerfile: "dockerfile",
  "daemon.json": "json",
  dockerd: "sh",
};

/** The Engine that the test suite runs on: Debian 13's. */
const testedEngine = "Docker Engine 26.1";

/**
 * A control's page in Markdown: docs/controls/ID.md is this, and `bulkhead explain ID` prints it. `probes` are what `bulkhead
 * prove` tries for it, as ends of a sentence.
 */
export function controlPage(
  control: Control,
  bad: readonly TriedExample[],
  probes: readonly string[] = [],
): string {
  const { id, title, why, row, severity, guard, cis, where, references, examples } = control;
  const guidance = guidanceOf(id);
  const facts = [
    `Severity: **${severity}**`,
    row === undefined ? undefined : `Requirement: ${row}`,
    cis.length > 0 ? cisNumbers(cis) : undefined,
    guarding[guard] && `Guard: ${guarding[guard]}`,
  ].filter(Boolean);
  return [
    `# ${id}`,
    `${title}.`,
    facts.join(" · "),
    "## Why it matters",
    why,
    "## Where it is judged",
    where.map((place) => `- ${places[place]}`).join("\n"),
    ...(bad.length > 0 ? ["## It fails", ...bad.map(failing)] : []),
    ...(examples.good.length > 0 ? ["## It passes", ...examples.good.map(fence)] : []),
    "## To try the change",
    tryingOf(control, bad),
    ...(guidance ? ["## If something breaks", symptomOf(guidance)] : []),
    "## When to let it be",
    ...(guidance ? [guidance.letItBe] : []),
    `${where.includes("D") ? "In a comment on the line above (a Dockerfile has no comments behind an instruction)" : "Beside the line"}: \`# bulkhead-ignore ${id} until=YYYY-MM-DD -- the reason\`, or under \`ignores:\` in bulkhead.yaml.`,
    "## What was tested",
    testedOf(control, guidance, probes).join("\n"),
    "## Techniques and weaknesses",
    taxaOf(control).join("\n"),
    "## References",
    references.map((reference) => `- <${reference}>`).join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}

/** How to see whether the workload still works, before the change is made for good. */
function tryingOf({ id, where, check }: Control, bad: readonly TriedExample[]): string {
  const patched = bad.filter(({ finding }) => finding?.fix && finding.fix.kind !== "manual");
  const named = patched.some(({ finding }) => finding?.fix?.kind === "decision") ? ` --accept ${id}` : "";
  if (patched.some(({ example }) => example.syntax === "compose" || example.syntax === "run")) {
    return `\`bulkhead fix --verify --only ${id}${named} compose.yaml\` runs the service in a throw-away project, as it is and with the change, and says whether it still works. It changes no file.`;
  }
  if (patched.length > 0) {
    return `\`bulkhead fix --only ${id}${named}\` shows the change as a diff and writes nothing. \`dockerd --validate --config-file=FILE\` checks a daemon.json before the Engine reads it.`;
  }
  if (check.image && where.includes("D")) {
    return `Change the Dockerfile, build it under another name, and start that: \`docker build -t try .\`, then \`bulkhead audit --only ${id} .\``;
  }
  if (check.container && where.includes("F")) {
    return `Change a copy of the file and start it as another project: \`docker compose -p try -f copy.yaml up\`, then \`bulkhead audit --only ${id} copy.yaml\``;
  }
  return `Make the change on one host first, and look again: \`bulkhead audit engine --only ${id}\``;
}

function symptomOf({ symptom, cause, action }: Guidance): string {
  return [`- Symptom: ${symptom}`, `- Cause: ${cause}.`, `- Action: ${action}`].join("\n");
}

function testedOf(
  { examples }: Control,
  guidance: Guidance | undefined,
  probes: readonly string[],
): readonly string[] {
  const count = examples.bad.length + examples.good.length;
  return [
    count > 0
      ? "- Each example above is judged by a test, and each fix is applied and judged again."
      : "- Its verdicts are tested with recorded facts: no file shows it.",
    ...(guidance?.onEngine ? [`- Its verdict is tested on ${testedEngine}.`] : []),
    ...(probes.length > 0
      ? [
          `- \`bulkhead prove\` tries in the kernel to ${probes.join("; to ")}. The test suite does so on ${testedEngine}.`,
        ]
      : []),
  ];
}

function taxaOf({ attack, cwe }: Control): readonly string[] {
  return [
    ...attack.map((id) => `- ATT&CK ${id}, ${techniques[id]}: <${techniqueUri(id)}>`),
    ...cwe.map((id) => `- CWE-${id}, ${weaknesses[id]}: <${weaknessUri(id)}>`),
  ];
}

function failing({ example, finding }: TriedExample): string {
  const fix = finding?.fix;
  const said = finding ? `\n\n→ ${finding.severity}: ${finding.message}` : "";
  const todo = fix ? `\n\nFix (${fix.kind}): ${fix.summary}` : "";
  const snippet = fix?.snippet ? `\n\n${block(fences[example.syntax], fix.snippet)}` : "";
  const breaks = fix?.breaks ? `\n\nWhat could break: ${fix.breaks}` : "";
  return `${fence(example)}${said}${todo}${snippet}${breaks}`;
}

function fence({ syntax, text }: Example): string {
  return block(fences[syntax], text.trimEnd());
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/**
 * A page of Markdown (headings, paragraphs, lists, fenced code) as a terminal shows it: wrapped to `width`
 * columns, headings in bold where there are colours.
 */
export function pageText(
  markdown: string,
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  const paint = createColors(colour);
  const room = Math.min(width, 100);
  let fenced = false;
  const lines = markdown.split("\n").flatMap((line): readonly string[] => {
    if (line.startsWith("```")) {
      fenced = !fenced;
      return [];
    }
    if (fenced) return [`    ${line}`];
    const heading = /^#+ (.*)$/.exec(line);
    if (heading) return [paint.bold(heading[1] ?? "")];
    const item = /^- (.*)$/.exec(line);
    if (item) return hanging("- ", plain(item[1] ?? ""), room);
    return line === "" ? [""] : wrap(plain(line), room);
  });
  return lines.join("\n");
}

function plain(text: string): string {
  return text.replace(/\*\*([^*]+)\*\*/g, "$1").replace(/<(https?:[^>]+)>/g, "$1");
}

function hanging(mark: string, text: string, room: number): readonly string[] {
  return wrap(text, room - mark.length).map(
    (line, index) => (index === 0 ? mark : " ".repeat(mark.length)) + line,
  );
}
