import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { explain, explainText } from "../../guard/check/explain.ts";
import { offline } from "../../guard/check/offline.ts";
import { readRequestFile } from "../../guard/check/request-file.ts";
import { judge } from "../../guard/judge/judge.ts";
import { complain, complainAt } from "../common/complain.ts";
import { readStdin } from "../common/stdin.ts";
import type { CheckOptions } from "./options.ts";
import { policiesFor, policyOfClient } from "./policies.ts";

/** `bulkhead guard check`. Answers the exit status: 0 it goes through, 1 it is denied, 2 wrong use. */
export async function checkRequest(path: string, options: CheckOptions): Promise<number> {
  const io = diskFiles();
  const file = path === "-" ? "standard input" : path;
  if (path === "-") io.give(file, await readStdin());
  const text = io.read(file);
  if (!text.ok) return complain(`${file} cannot be read: ${text.reason}`);
  const read = readRequestFile(text.value, file);
  if (!read.ok) return complainAt(read.reason, read.location, io);
  const policies = await policiesFor(options, io);
  const policy = policies && policyOfClient(policies, options.client);
  if (!policy) return 2;
  const world = offline(read.value);
  const judged = await judge(read.value.raw, policy, world.ask);
  const explained = explain(judged, policy, world.assumptions());
  process.stdout.write(
    options.format === "json" ? `${JSON.stringify(explained, null, 2)}\n` : explainText(explained),
  );
  return judged.verdict === "deny" ? 1 : 0;
}
