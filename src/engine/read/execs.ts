import { runningPid } from "../documents/exec.ts";
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
