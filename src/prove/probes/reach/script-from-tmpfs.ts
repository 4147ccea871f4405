import { helper, openTmpfs } from "../../containers/paths.ts";
import { type Attempt, errorOf, inChild, judgeAttempts } from "../../experiment/attempts.ts";
import { together } from "../../experiment/looks.ts";
import { atFdCwd, open } from "../../helper/constants.ts";
import { errnoOf } from "../../helper/errno.ts";
import type { Plan } from "../../helper/program.ts";
import { probe } from "../../probe.ts";
import { tmpfsTargets } from "../../subject/tmpfs-targets.ts";

/** @see https://docs.docker.com/engine/storage/tmpfs/ */
export const scriptFromTmpfs = probe<readonly Attempt[]>({
  id: "script-from-tmpfs",
  control: "tmpfs-options",
  tries: "run a script that was written to a tmpfs",
  inPlace: false,
  looser: "open",
  before: ({ view }) =>
    tmpfsTargets(view).length === 0 ? { outcome: "notApplicable", evidence: "it has no tmpfs" } : undefined,
  experiment: (target) =>
    target.run(
      together((target.role === "looser" ? [openTmpfs] : tmpfsTargets(target.facts.view)).map(runScript)),
    ),
  judge: (seen) => judgeAttempts(seen, ["EACCES"], { looser: "a tmpfs that is mounted with exec" }),
});

/** The helper is the script's interpreter; it ends well when it is started with a script. */
function runScript(target: string): Plan<Attempt> {
  return (builder) => {
    const script = `${target}/.bulkhead-prove-script`;
    const path = builder.text(script);
    const text = Buffer.from(`#!${helper}\n`);
    const flags = open.writeOnly | open.create | open.exclusive | open.closeOnExec;
    const file = builder.call("openat", atFdCwd, path, flags, 0o700);
    const written = builder.call("write", file, builder.bytes(text), text.length);
    builder.call("close", file);
    let executed = written;
    const child = inChild(builder, () => {
      executed = builder.call("execve", path, builder.words(path, 0), builder.words(0));
    });
    const run = executed;
    builder.call("unlinkat", atFdCwd, path, 0);
    return (ran) => {
      const unwritten = errnoOf(ran.result(file) ?? -1) ?? errnoOf(ran.result(written) ?? -1);
      const error = unwritten === undefined ? undefined : `it cannot be written (${unwritten})`;
      return { what: `a script in ${target}`, error: error ?? errorOf(ran, run) ?? child(ran).killedBy };
    };
  };
}
