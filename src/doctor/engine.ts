import { isRecord, textAt, textsOf } from "../base/json.ts";
import type { ConnectOptions } from "../engine/connect/endpoint.ts";
import { connectEngine } from "../engine/connect.ts";
import { type Check, limited, missing, ok } from "./check.ts";

/** Whether an Engine answers, and what it says of itself. Never rejects. */
export async function checkEngine(options: ConnectOptions, proc: string): Promise<readonly Check[]> {
  const client = await connectEngine(options);
  if (!client.ok)
    return [
      missing(
        "Docker Engine",
        client.reason,
        "Only files can be audited. Start the Engine, or name another one with --host or --context.",
      ),
    ];
  try {
    const { address, apiVersion, socketPath } = client.value;
    const info = await client.value.get("/info");
    if (!info.ok)
      return [
        limited(
          "Docker Engine",
          `${address}: ${info.reason}`,
          "What it runs is read, what it is set to is not.",
        ),
      ];
    const version = textAt(info.value, "ServerVersion") ?? "unknown version";
    const found = `${version} at ${address}, API ${apiVersion}`;
    return [ok("Docker Engine", found), sameMachine(info.value, socketPath, proc)];
  } finally {
    await client.value.close();
  }
}

function sameMachine(info: unknown, socketPath: string | undefined, proc: string): Check {
  const name = "Engine's kernel";
  const away =
    "Only what the Engine says is checked, not what the kernel enforces. Run bulkhead on the Engine's machine.";
  if (socketPath === undefined)
    return limited(name, "the Engine is on another machine, or reached by TCP", away);
  const options = isRecord(info) ? textsOf(info.SecurityOptions) : [];
  const rootless = options.some((option) => option.includes("name=rootless"));
  return ok(name, `this machine's, seen at ${proc}${rootless ? "; the Engine is rootless" : ""}`);
}
