import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { ok } from "../../base/result.ts";
import type { Sink } from "../../guard/log/sink.ts";
import { startTrial } from "../../guard/policy/tried.ts";
import { serve } from "../../guard/proxy/serve.ts";
import { runProgram } from "../../run/docker.ts";
import { complain } from "../common/complain.ts";
import type { TryOptions } from "./options.ts";
import { policiesFor, policyOfClient } from "./policies.ts";

/** `bulkhead guard try`. Answers the command's exit status. */
export async function tryCommand(words: readonly string[], options: TryOptions): Promise<number> {
  const [program, ...args] = words;
  if (program === undefined) return complain("there is no command to try");
  const io = diskFiles();
  const mode = options.enforce ? "enforce" : "warn";
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-try-"));
  const socket = join(folder, "docker.sock");
  try {
    const policies = await policiesFor({ ...options, mode }, io, [`unix://${socket}`]);
    const policy = policies && policyOfClient(policies, options.client);
    if (!policies || !policy) return 2;
    const trial = startTrial();
    const serving = await serve({
      connect: {
        host: options.host,
        context: options.context,
        environment: io.environment,
        home: io.home,
      },
      listen: [`unix://${socket},mode=0600`],
      // The clients' own listeners are those of a guard that may be running.
      policies: { ...policies, default: { ...policy, ownSockets: [socket] }, clients: [] },
      log: nowhere,
      learner: { note: (_, judged) => trial.note(judged) },
      hostRoot: undefined,
      ownFiles: () => [],
      metrics: undefined,
      maxConnections: 1_000,
      tell: complain,
    });
    if (!serving.ok) return complain(serving.reason);
    const { DOCKER_CONTEXT: _, DOCKER_TLS_VERIFY: __, ...environment } = process.env;
    const status = await runProgram(program, args, { ...environment, DOCKER_HOST: `unix://${socket}` });
    await serving.value.stop(0);
    process.stderr.write(`\nbulkhead guard try: ${trial.report(options.preset)}`);
    return status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The report is all that is kept. */
const nowhere: Sink = {
  write: () => ok(undefined),
  hasRoomForDenials: () => true,
  isFree: () => true,
  reopen: () => ok(undefined),
  close: () => undefined,
};
