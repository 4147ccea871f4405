import type { Finding, ReportedSubject } from "../audit/finding.ts";
import { shellWords } from "../base/shell-words.ts";
import { socketClientOf } from "../controls/mounts/socket-clients.ts";
import { isWritten } from "../formats/formats.ts";
import { seriousEntries } from "./groups/serious.ts";
import type { SubjectFindings } from "./groups/tally.ts";
import { firstSentence, headOf, nameOf, place, sentence, sentenceAbout } from "./words.ts";

/** One of the worst findings, and the command that mends it. */
export interface NextStep {
  readonly finding: Finding;
  /** `proxy mounts /var/run/docker.sock`. */
  readonly what: string;
  /** What to do by hand, where no command mends it. */
  readonly advice: string | undefined;
  readonly command: string;
}

const stepsShown = 3;

/** The worst findings, each with its command; findings below high come only where nothing is worse. */
export function nextSteps(groups: readonly SubjectFindings[]): readonly NextStep[] {
  const serious = seriousEntries(groups).flatMap((entry) => entry.all.slice(0, 1));
  const others = groups
    .flatMap(({ subject, open }) => open.map((finding) => ({ subject, finding })))
    .filter(({ finding }) => finding.severity === "medium");
  const chosen = serious.length > 0 ? serious : others;
  const steps: NextStep[] = [];
  const seen = new Set<string>();
  for (const { finding, subject } of chosen) {
    const command = commandFor(finding, subject);
    const [first] = finding.locations;
    const key = serious.length > 0 ? `${subject.id} ${first ? place(first) : finding.control}` : command;
    if (seen.has(key)) continue;
    seen.add(key);
    const isByHand = command.startsWith("bulkhead explain ") && finding.fix !== null;
    const advice = isByHand ? sentence(firstSentence(finding.fix.summary)) : undefined;
    steps.push({ finding, what: sentenceAbout(nameOf(subject), headOf(finding.message)), advice, command });
    if (steps.length === stepsShown) break;
  }
  return steps;
}

/** What to type to mend the finding. */
export function commandFor({ control, fix, message }: Finding, subject: ReportedSubject): string {
  const target = targetOf(subject);
  // A folder above the socket gives more than the socket, which no guard takes away.
  if (control === "docker-socket-mount" && /\.sock\b/.test(headOf(message).split(",")[0] ?? "")) {
    const client = socketClientOf(subject.image);
    if (client.setting === "none") return `bulkhead explain ${control}`;
    if (subject.source === "compose" && target !== undefined) return `bulkhead fix --guard ${target}`;
    const preset = client.preset === undefined ? "" : ` --preset ${client.preset}`;
    const name = `bulkhead-${socketName(subject.name)}.sock`;
    const at = subject.engine?.isRootless ? `"unix://$XDG_RUNTIME_DIR/${name}"` : `unix:///run/${name}`;
    return `bulkhead guard proxy${preset} --listen ${at}`;
  }
  if (!fix || fix.kind === "manual" || target === undefined) return `bulkhead explain ${control}`;
  if (fix.kind === "decision") {
    const who = subject.kind === "container" ? `@${subject.name}` : "";
    return `bulkhead fix --only ${control} --accept ${shellWords([control + who])} ${target}`;
  }
  const canTry = subject.source === "compose" || subject.source === "run-command";
  return canTry ? `bulkhead fix --verify ${target}` : `bulkhead fix ${target}`;
}

/** A name that a path may hold. */
function socketName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-");
}

/** What `bulkhead fix` takes for the subject; undefined where it has nothing to write to. */
function targetOf({ kind, source, name, location, engine }: ReportedSubject): string | undefined {
  if (engine?.isPodman) return undefined;
  if (source === "engine-api" || source === "kernel") {
    if (kind === "engine") return "engine";
    return kind === "container" ? shellWords([`container:${name}`]) : undefined;
  }
  if (!location || location.file === "stdin" || location.file.startsWith("--run")) return undefined;
  return !isWritten(source) ? undefined : shellWords([location.file]);
}
