import { offline } from "../../../src/guard/check/offline.ts";
import { judge } from "../../../src/guard/judge/judge.ts";
import { defaultPolicy } from "../../../src/guard/policy/defaults.ts";
import { readRequest } from "../../../src/guard/request/read.ts";
import type { ReceivedRequest } from "../../../src/guard/request/request.ts";
import { writeRequest } from "../../../src/guard/request/write.ts";

const { ask } = offline({ known: {}, engine: undefined });
const policies = [
  defaultPolicy,
  { ...defaultPolicy, redact: true, owner: { label: "bulkhead.owner", value: "fuzz" } },
];

/** Milliseconds of processor time that judging one request may take; a machine that is busy adds to it. */
const most = 400;

/** What holds for the judgement of any request whatever. Gives what is broken; undefined where all holds. */
export async function brokenByJudging(raw: ReceivedRequest): Promise<string | undefined> {
  for (const policy of policies) {
    const before = process.cpuUsage();
    const judged = await judge(raw, policy, ask);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1_000 > most)
      return `judging takes ${Math.round((user + system) / 1_000)} ms of processor time`;
    if (judged.verdict === "deny") {
      if (judged.reasons.length === 0) return "it is denied without a reason";
      continue;
    }
    const out = writeRequest(judged.request);
    const body = out.body === undefined ? undefined : out.body === "stream" ? "stream" : out.body;
    const again = readRequest(
      {
        method: out.method,
        target: out.target,
        headers: out.headers,
        body:
          body === undefined
            ? { kind: "none" }
            : body === "stream"
              ? { kind: "stream" }
              : { kind: "bytes", bytes: body },
      },
      // Hardening adds to what the client sent.
      { ...policy.body, maxBytes: policy.body.maxBytes * 2, maxItems: policy.body.maxItems * 2 },
    );
    if (!again.ok) return `what is let through is not read again: ${again.message}`;
  }
  return undefined;
}
