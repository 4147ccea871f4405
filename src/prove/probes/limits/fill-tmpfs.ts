import { ok, type Result } from "../../../base/result.ts";
import { sayBytes } from "../../../controls/cgroups/amounts.ts";
import { setItems, valueOr } from "../../../model/fact.ts";
import { openTmpfs } from "../../containers/archive.ts";
import { type Attempt, judgeAttempts } from "../../experiment/attempts.ts";
import { together } from "../../experiment/looks.ts";
import { atFdCwd, errnoOf, open } from "../../helper/errno.ts";
import type { Plan } from "../../helper/program.ts";
import { type Facts, type Judgement, measurement, type ProbeRuns, type ProbeTarget } from "../../probe.ts";
import { tmpfsTargets } from "../../subject/subject.ts";

/** Bytes that may be taken of the host's memory for a moment. */
const most = 128 * 1024 ** 2;

interface Filled {
  readonly attempts: readonly Attempt[];
  /** Why some were not filled. */
  readonly left: readonly string[];
}

/** A tmpfs without a size may take half of the host's memory. */
export const fillTmpfs = measurement<Filled>({
  id: "fill-tmpfs",
  control: "storage-limit",
  burdens: true,
  tries: "fill a tmpfs without end",
  inPlace: false,
  looser: "open",
  before: ({ view }) =>
    tmpfsTargets(view).length === 0 ? { outcome: "notApplicable", evidence: "it has no tmpfs" } : undefined,
  experiment: fill,
  judge: judgeFilled,
});

async function fill(target: ProbeTarget): Promise<Result<Filled>> {
  const sizes = sizesOf(target.facts);
  const room = roomOf(target.facts);
  const small = sizes.filter(({ size }) => size !== undefined && size <= room);
  const wanted =
    target.role === "looser"
      ? [{ target: openTmpfs, size: Math.max(...small.map(({ size }) => size ?? 0), 1024 ** 2) }]
      : small;
  const attempts = await target.run(together(wanted.map(({ target, size }) => overfill(target, size ?? 0))));
  if (!attempts.ok) return attempts;
  const endless = sizes.filter(({ size }) => size === undefined);
  const large = sizes.filter(({ size }) => size !== undefined && size > room);
  return ok({
    attempts: [
      ...attempts.value,
      ...(target.role === "looser"
        ? []
        : endless.map(({ target }) => ({
            what: `filling ${target} with half of the host's memory (it has no size; it was not filled)`,
            error: undefined,
          }))),
    ],
    left: large.map(
      ({ target, size }) => `${target} may hold ${sayBytes(size ?? 0)}, too much to fill it for a proof`,
    ),
  });
}

function judgeFilled(seen: ProbeRuns<Filled>): Judgement {
  const { subject, control } = seen;
  const judgement = judgeAttempts(
    {
      subject: subject.attempts,
      control: control.ok ? ok(control.value.attempts) : control,
    },
    ["ENOSPC"],
    { looser: "a tmpfs without a size" },
  );
  if (judgement.outcome === "notHeld" || subject.left.length === 0) return judgement;
  return { outcome: "inconclusive", evidence: subject.left.join("; ") };
}

function sizesOf({ view }: Facts): readonly { readonly target: string; readonly size: number | undefined }[] {
  return setItems(view.mounts).flatMap(({ value }) =>
    value.type === "tmpfs" ? [{ target: value.target, size: value.tmpfs?.size }] : [],
  );
}

/** What is in a tmpfs counts as the container's memory: more than half of its limit could kill it. */
function roomOf({ view, memoryTotal }: Facts): number {
  const limit = valueOr(view.memory, 0);
  return Math.min(most, memoryTotal / 8, limit > 0 ? limit / 2 : most);
}

/** One page more than the size, in a file that is gone afterwards. */
function overfill(target: string, size: number): Plan<Attempt> {
  return (builder) => {
    const path = builder.text(`${target}/.bulkhead-prove-filler`);
    const flags = open.writeOnly | open.create | open.exclusive | open.closeOnExec;
    const file = builder.call("openat", atFdCwd, path, flags, 0o600);
    const filled = builder.call("fallocate", file, 0, 0, size + 4096);
    builder.call("unlinkat", atFdCwd, path, 0);
    builder.call("close", file);
    return (ran) => {
      const opened = errnoOf(ran.result(file) ?? -1);
      return {
        what: `more than ${sayBytes(size)} in ${target}`,
        error:
          opened === undefined
            ? errnoOf(ran.result(filled) ?? -1)
            : `nothing can be written there (${opened})`,
      };
    };
  };
}
