import { type Outcome, outcomes, type Proof, type Proved } from "../../model/proof.ts";

export interface ProofLook {
  readonly colour: boolean;
  /** Columns. */
  readonly width: number;
  /** What a probe tries, by its id. */
  readonly tries: (probe: string) => string;
}

const words: Readonly<Record<Outcome, string>> = {
  held: "held",
  notHeld: "not held",
  inconclusive: "inconclusive",
};

const abilities: Readonly<Record<Outcome, string>> = {
  held: "cannot",
  notHeld: "can",
  inconclusive: "perhaps can",
};

const colours: Readonly<Record<Outcome, string>> = {
  held: "\u001b[32m",
  notHeld: "\u001b[31m",
  inconclusive: "\u001b[33m",
};

const column = 12;

/** What needs looking at comes first. */
const order: readonly Outcome[] = ["notHeld", "inconclusive", "held"];

/** The proof for a reader; ends with a line break. */
export function describeProof(proof: Proof, missing: readonly string[], look: ProofLook): string {
  const where = proof.where === "twin" ? "in a throw-away twin" : "in place";
  const lines = [`${proof.subject}, proven ${where}`, "", ...deviationLines(proof, look)];
  for (const outcome of order) {
    for (const each of proof.probes.filter((proved) => proved.outcome === outcome))
      lines.push(...proved(each, look));
  }
  for (const { probe, reason } of proof.notApplicable)
    lines.push(`  ${"–".padEnd(column)}  ${probe}: ${reason}`);
  for (const each of missing) lines.push(`  not in the twin: ${each}`);
  lines.push("", `${counts(proof)}.`);
  return `${lines.join("\n")}\n`;
}

/** What a twin cannot show comes first. */
function deviationLines({ deviations = [] }: Proof, { width }: ProofLook): readonly string[] {
  if (deviations.length === 0) return [];
  const lines = deviations.flatMap(({ message }) => {
    const [first = "", ...rest] = wrapped(message, width - 4);
    return [`  ! ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  return ["The running container is not what its configuration says:", ...lines, ""];
}

function proved({ probe, control, outcome, evidence }: Proved, look: ProofLook): readonly string[] {
  const word = words[outcome].padEnd(column);
  const painted = look.colour ? `${colours[outcome]}${word}\u001b[0m` : word;
  const indent = " ".repeat(column + 4);
  const body = (text: string) => wrapped(text, look.width - indent.length);
  const names = probe === control ? probe : `${probe}, ${control}`;
  const [first = "", ...rest] = body(`${abilities[outcome]} ${look.tries(probe)} (${names})`);
  return [`  ${painted}  ${first}`, ...[...rest, ...body(`→ ${evidence}`)].map((line) => `${indent}${line}`)];
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > Math.max(width, 30)) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** `12 held, 3 not held, 1 inconclusive`. */
export function counts({ probes }: Proof): string {
  const count = (outcome: Outcome) => probes.filter((each) => each.outcome === outcome).length;
  const parts = [
    `${count("held")} held`,
    `${count("notHeld")} not held`,
    ...(count("inconclusive") > 0 ? [`${count("inconclusive")} inconclusive`] : []),
  ];
  return parts.join(", ");
}

/** The document that scripts rely on, `schemaVersion` 1; what is added later is added at the end of an object. */
export function proofDocument(proof: Proof, missing: readonly string[]): unknown {
  const { subject, where, probes, notApplicable, deviations = [] } = proof;
  return {
    schemaVersion: 1,
    subject,
    probes: probes.map(({ probe, control, outcome, evidence, by }) => ({
      ...{ probe, control, outcome, evidence },
      ...(by && { by }),
    })),
    where,
    notApplicable: notApplicable.map(({ probe, control, reason }) => ({ probe, control, reason })),
    missing,
    summary: {
      ...Object.fromEntries(
        outcomes.map((outcome) => [outcome, probes.filter((each) => each.outcome === outcome).length]),
      ),
      // Everything is tried now; scripts may ask for it all the same.
      notTried: 0,
    },
    deviations: deviations.map(({ controls, message }) => ({ controls, message })),
  };
}

/** 0: all held. 1: something did not, or the container is not what its configuration says. 2: nothing did not hold, and something could not be told. */
export function proofStatus({ probes, deviations = [] }: Proof): 0 | 1 | 2 {
  if (deviations.length > 0) return 1;
  if (probes.some(({ outcome }) => outcome === "notHeld")) return 1;
  return probes.length === 0 || probes.some(({ outcome }) => outcome === "inconclusive") ? 2 : 0;
}

/** The document of `bulkhead prove --all`: a proof for each container, and why others could not be proven. */
export function proofsDocument(
  outcomes: readonly { readonly proof: Proof; readonly missing: readonly string[] }[],
  unproven: readonly string[],
): unknown {
  return {
    schemaVersion: 1,
    proofs: outcomes.map(({ proof, missing }) => proofDocument(proof, missing)),
    unproven,
  };
}
