import { isAtWork, readJournals } from "../../fix/live/recreate/journal.ts";

/** What is unfinished, for commands that ask no Engine; undefined where nothing is. */
export function unfinishedNotice(): string | undefined {
  const journals = readJournals();
  if (!journals.ok) return journals.reason;
  const names = journals.value
    .filter((each) => each.phase === "making" && !isAtWork(each))
    .map(({ name }) => name);
  return names.length === 0
    ? undefined
    : `--recreate of ${names.join(", ")} was cut short: bulkhead fix --resume puts the old container back`;
}
