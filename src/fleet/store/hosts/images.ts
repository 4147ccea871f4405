import { ofContainer, ofSubject } from "../findings/query.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import { changedFindings, isAnyTime, severityCounts, severitySums, type Times } from "./overview.ts";

export interface RunImage {
  readonly image: string;
  readonly containers: number;
  readonly running: number;
  readonly hosts: number;
  /** Open failures of its containers. */
  readonly bySeverity: Readonly<Record<string, number>>;
}

/** The images that containers are made from, by name; with a time, those in whose containers something changed then. */
export async function listImages(
  database: FleetDatabase,
  sight: Sight,
  changed: Times = {},
): Promise<readonly RunImage[]> {
  const imagesThen = changedFindings(database, changed)
    .innerJoin("container", ofContainer)
    .where(inSight("finding.host", sight))
    .select("container.image");
  const [rows, failures] = await Promise.all([
    database
      .selectFrom("container")
      .select((select) => [
        "image",
        select.fn.countAll<number>().as("containers"),
        select.fn.sum<number>("running").as("running"),
        select.fn.count<number>("host").distinct().as("hosts"),
      ])
      .where("image", "is not", null)
      .where(inSight("container.host", sight))
      .$if(!isAnyTime(changed), (part) => part.where("image", "in", imagesThen))
      .groupBy("image")
      .orderBy("image")
      .limit(5_000)
      .execute(),
    failuresByImage(database, sight),
  ]);
  return rows.map(({ image, containers, running, hosts }) => ({
    image: image ?? "",
    containers: Number(containers),
    running: Number(running),
    hosts: Number(hosts),
    bySeverity: failures.get(image ?? "") ?? {},
  }));
}

async function failuresByImage(database: FleetDatabase, sight: Sight) {
  const rows = await database
    .selectFrom("open_subject")
    .innerJoin("container", ofSubject)
    .select("container.image")
    .select(severitySums)
    .where("open_subject.risk", ">", 0)
    .where("container.image", "is not", null)
    .where(inSight("open_subject.host", sight))
    .groupBy("container.image")
    .execute();
  return new Map(rows.map(({ image, ...counts }) => [image ?? "", severityCounts(counts)]));
}

/** The containers that are made from an image, by host and name. */
export async function containersOfImage(database: FleetDatabase, image: string, sight: Sight) {
  const rows = await database
    .selectFrom("container")
    .innerJoin("host", "host.id", "container.host")
    .select([
      "container.host",
      "host.name as hostName",
      "container.name",
      "container.project",
      "container.running",
    ])
    .where("container.image", "=", image)
    .where(inSight("container.host", sight))
    .orderBy("host.name")
    .orderBy("container.name")
    .limit(2_000)
    .execute();
  return rows.map(({ running, ...row }) => ({ ...row, running: running === 1 }));
}
