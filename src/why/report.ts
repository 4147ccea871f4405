import { createColors } from "picocolors";
import { type Asked, isHarmful, type Refused, type WhyReport } from "./outcome.ts";
import type { Layer, Setting } from "./setting.ts";

/** The document that `bulkhead why --format json` prints; its shape is a public interface. */
export function whyDocument({ containers, refused, unexplained, seconds, lost }: WhyReport): object {
  return {
    schemaVersion: 1,
    containers: containers.map(({ id, name, image }) => ({ id, name, image })),
    refusals: refused.map((each) => ({
      container: each.container.name,
      call: each.call,
      error: each.refusal.error,
      layer: each.rule.layer,
      message: sayRefused(each),
      settings: each.rule.settings.map(({ compose, run, note }) => ({ compose, run, note: note ?? null })),
      process: each.refusal.process,
      pid: each.refusal.pid,
      time: new Date(each.time).toISOString(),
      count: each.count,
      outcome: each.refusal.fate.kind,
      status: each.refusal.fate.kind === "exit" ? each.refusal.fate.status : null,
      line: each.line ?? null,
    })),
    ...(unexplained && {
      unexplained: unexplained.map(({ container, status, reason, time }) => ({
        ...{ container: container.name, status, reason: reason || null, time: new Date(time).toISOString() },
      })),
    }),
    ...{ seconds, lost },
  };
}

/** The text of the report. */
export function describeWhy(report: WhyReport, colour: boolean): string {
  const { refused, unexplained = [], lost } = report;
  const c = createColors(colour);
  const harmful = refused.filter(isHarmful);
  const survived = refused.filter((each) => !isHarmful(each));
  const lines = harmful.flatMap((each) => [
    `${c.bold(c.red("✗"))} ${c.bold(`${each.container.name}: ${sayRefused(each)}`)}`,
    `    ${sayWho(each)}`,
    ...(each.line === undefined ? [] : [c.dim(`    ${each.line}`)]),
    ...spellSettings(each.container, each.rule.settings).map((line) => `    ${line}`),
    "",
  ]);
  lines.push(
    ...unexplained.flatMap(({ container: { name }, status, reason }) => [
      `${c.bold(c.red("✗"))} ${c.bold(`${name}: ended with status ${status}, and no log shows a refusal`)}`,
      ...(reason === "" ? [] : [`    ${reason.replaceAll("\n", " ")}`]),
      `    bulkhead why -- docker start -a ${name} watches it start`,
      "",
    ]),
  );
  if (survived.length > 0) {
    lines.push(
      c.bold("Refused, and the program went on without:"),
      ...survived.flatMap((each) => [
        `  ${each.container.name}: ${sayRefused(each)} (${each.refusal.process}${times(each.count)})`,
      ]),
      "",
    );
  }
  lines.push(`${looked(report)}: ${summary(harmful, survived)}.`);
  if (report.unexplained)
    lines.push(
      "Only what reached a log is shown: bulkhead why CONTAINER watches each call of a running one.",
    );
  if (lost > 0) lines.push(`${lost} events of the kernel came too fast and are missing: there may be more.`);
  return `${lines.join("\n")}\n`;
}

function looked({ containers, unexplained, seconds }: WhyReport): string {
  const names = containers.map(({ name }) => name).join(", ");
  if (unexplained && containers.length === 0) return `No container ran in the last ${seconds} s`;
  if (unexplained) return `Logs of ${names}, and the kernel's, of the last ${seconds} s`;
  return containers.length === 0 ? "No container started" : `Watched ${names} for ${seconds} s`;
}

function summary(harmful: readonly Refused[], survived: readonly Refused[]): string {
  if (harmful.length === 0 && survived.length === 0) return "nothing was refused";
  const broke = `${harmful.length} ${harmful.length === 1 ? "refusal" : "refusals"} before an exit or an error`;
  return survived.length === 0 ? broke : `${broke}, ${survived.length} that the program survived`;
}

const byLayers: readonly Layer[] = ["seccomp", "read-only root", "read-only mount", "pids limit", "ulimit"];

/** `mkdir(/var/cache/x) refused by the read-only root`, `chown(/x, 5) refused: CHOWN is dropped`. */
export function sayRefused({ call, rule }: Pick<Refused, "call" | "rule">): string {
  if (rule.layer === "memory limit") return `killed: ${rule.because}`;
  const isBy = byLayers.includes(rule.layer) && !rule.because.includes(", which killed");
  if (rule.because.startsWith("seccomp, which killed")) return `${call} refused by ${rule.because}`;
  if (rule.layer === "unknown" && rule.because.startsWith("with ")) return `${call} refused ${rule.because}`;
  return `${call} refused${isBy ? " by" : ":"} ${rule.because}`;
}

function sayWho({ refusal, count }: Refused): string {
  const { process, pid, fate } = refusal;
  const known = pid === 0 ? times(count).slice(2) : `PID ${pid}${times(count)}`;
  const who = known === "" ? process : `${process} (${known})`;
  if (fate.kind === "exit") return `${who} then ended with status ${fate.status}`;
  if (fate.kind === "signal") return `${who} was ended by ${fate.signal}`;
  return `${who} then logged an error`;
}

function times(count: number): string {
  return count === 1 ? "" : `, ${count} times`;
}

function spellSettings({ isCompose }: Asked, settings: readonly Setting[]): readonly string[] {
  return settings.map(({ compose, run, note }, index) => {
    const text = (isCompose ? compose : run).replaceAll("\n", " ");
    return `${index === 0 ? "change: " : "    or: "}${text}${note === undefined ? "" : `   (${note})`}`;
  });
}
