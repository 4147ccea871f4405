import { isRecord } from "../../base/json.ts";
import { booleanFact, documentAt, field, stringFact } from "../../formats/create-request/json.ts";
import type { Container } from "../../model/container.ts";
import { type Exec, exec } from "../../model/exec.ts";
import type { Inspected } from "./containers.ts";
import type { Questions } from "./questions.ts";

/** A running exec's document. */
export interface ReadExec {
  readonly id: string;
  readonly owner: Inspected;
  readonly document: unknown;
  readonly pid: number;
}

/** The execs that still run in the containers; the Engine goes on naming some that have ended. */
export async function readExecs(
  containers: readonly Inspected[],
  questions: Questions,
): Promise<readonly ReadExec[]> {
  const wanted = containers.flatMap((owner) => owner.execIds.map((id) => ({ owner, id })));
  const found = await Promise.all(
    wanted.map(async ({ owner, id }) => {
      const document = await questions.ask(`/exec/${encodeURIComponent(id)}/json`, {
        otherwise: `an exec in ${owner.name} cannot be inspected`,
        subject: `container:${owner.name}`,
        mayVanish: true,
      });
      const pid = runningPid(document);
      return pid === undefined ? undefined : { id, owner, document, pid };
    }),
  );
  return found.filter((each) => each !== undefined);
}

/**
 * A process that `docker exec` started, as `GET /exec/ID/json` shows it. Origins point into that document. Docker spells
 * the members of ProcessConfig in lower case.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Exec/operation/ExecInspect
 */
export function execFromInspect(document: unknown, container: Container): Exec {
  const config = field(documentAt(document, ""), "ProcessConfig");
  return exec("configured", container, {
    privileged: booleanFact(field(config, "privileged")),
    user: stringFact(field(config, "user")),
  });
}

/** The process of a running exec, as the Engine's pid namespace numbers it; undefined for one that has ended. */
export function runningPid(document: unknown): number | undefined {
  if (!isRecord(document) || document.Running !== true) return undefined;
  const { Pid: pid } = document;
  return typeof pid === "number" && pid > 0 ? pid : undefined;
}
