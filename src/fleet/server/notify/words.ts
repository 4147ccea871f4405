import { visible } from "../../../base/visible.ts";
import { severities } from "../../../model/severity.ts";
import { count } from "../../../report/words.ts";
import type { Words } from "../../../watch/outputs/destination.ts";
import type { FoundRow } from "../../store/findings/findings.ts";
import type { Summary } from "../../store/notifications/summary.ts";

/** `2 critical, 5 high`, or `none`. */
function counted(of: Readonly<Record<string, number>>): string {
  const there = severities.toReversed().filter((severity) => (of[severity] ?? 0) > 0);
  return there.length === 0 ? "none" : there.map((severity) => `${of[severity]} ${severity}`).join(", ");
}

/** The week in words, for a mail or a chat. `of`: the team, or undefined for every host. */
export function summaryWords(summary: Summary, of: string | undefined): Words {
  const { from, to, hosts, open, fresh, freshWorst, mended, oldest, silent, silentCount } = summary;
  const others = silentCount > silent.length ? ` and ${silentCount - silent.length} more` : "";
  const whose = of === undefined ? "" : ` of the team ${of}`;
  return {
    title: `bulkhead: the week on ${count(hosts, "host")}${whose}`,
    lines: [
      `From ${dayOf(from)} to ${dayOf(to)}.`,
      `Open now: ${counted(open)}.`,
      `New and still open: ${counted(fresh)}.`,
      ...freshWorst.map((row) => `- ${finding(row)}`),
      `Mended: ${count(mended, "finding")}.`,
      ...(oldest.length === 0 ? [] : ["Open for longest, of high severity or worse:"]),
      ...oldest.map((row) => `- ${finding(row)}, since ${dayOf(row.opened)}`),
      silent.length === 0
        ? "Every host was heard of."
        : `Nothing is heard of: ${silent.map((name) => visible(name)).join(", ")}${others}.`,
    ],
  };
}

export function testWords(rule: string): Words {
  return {
    title: `bulkhead: a test of ${rule}`,
    lines: ["Somebody pressed Send a test in the settings of bulkhead serve. Nothing happened."],
  };
}

function finding({ severity, control, hostName, subject }: FoundRow): string {
  return visible(`${severity} ${control} on ${subject}, ${hostName}`);
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
