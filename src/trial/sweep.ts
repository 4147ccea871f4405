import { isRecord, itemsOf, recordAt, textAt } from "../base/json.ts";
import type { EngineClient } from "../engine/client.ts";
import { isOrphan } from "../engine/owner.ts";
import { sweepInstances } from "../engine/tracefs.ts";
import type { EngineWriter } from "../engine/write-client.ts";
import { sweepScratch } from "./scratch.ts";

/** The label on every container, network and volume of a trial. */
export const labelName = "bulkhead.try";

export interface SweepWays {
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
}

/** Removes what trials left that were killed: containers, networks, volumes, temporary folders, traces. Gives how many. */
export async function sweepTrials(ways: SweepWays): Promise<number> {
  const gone = await removeWhere(ways, labelName, (labels) => {
    const owner = labels[labelName];
    return typeof owner === "string" && isOrphan(owner) === true;
  });
  sweepScratch();
  sweepInstances();
  return gone;
}

/** Removes everything of one trial's project. */
export async function removeProject(ways: SweepWays, project: string): Promise<number> {
  return await removeWhere(ways, `com.docker.compose.project=${project}`, (labels) => labelName in labels);
}

type Labels = Readonly<Record<string, unknown>>;

/** Containers first: networks and volumes can go once nothing uses them. What cannot go now goes at the next sweep. */
async function removeWhere(
  { reader, writer }: SweepWays,
  label: string,
  isMeant: (labels: Labels) => boolean,
): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const kinds = [
    {
      list: `/containers/json?all=1&filters=${filters}`,
      key: "Id",
      path: "containers",
      options: "?force=1&v=1",
    },
    { list: `/networks?filters=${filters}`, key: "Id", path: "networks", options: "" },
    { list: `/volumes?filters=${filters}`, key: "Name", path: "volumes", options: "?force=1" },
  ];
  let gone = 0;
  for (const { list, key, path, options } of kinds) {
    const answer = await reader.get(list);
    if (!answer.ok) continue;
    const items = path === "volumes" ? recordAt({ value: answer.value }, "value").Volumes : answer.value;
    const found = itemsOf(items).filter((item) => isRecord(item) && isMeant(recordAt(item, "Labels")));
    const removed = await Promise.all(
      found.map((item) => writer.delete(`/${path}/${encodeURIComponent(textAt(item, key) ?? "")}${options}`)),
    );
    gone += removed.filter(({ ok }) => ok).length;
  }
  return gone;
}
