import { closeSync, openSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { whyUnwritten } from "../../base/error-words.ts";
import { connectEngine } from "../../engine/connect.ts";
import { publishedPorts, recordPort } from "../../learn/record.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import type { LearnOptions } from "./options.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `bulkhead learn FILE --record SESSION`: writes down what a person does with the running project. Answers the exit status. */
export async function recordSession(target: string | undefined, options: LearnOptions): Promise<number> {
  const files = [...(target === undefined ? [] : [target]), ...options.file].map((file) => resolve(file));
  if (files.length === 0 || target?.includes(":")) {
    return complain("--record needs the Compose file of a project that runs");
  }
  const path = options.record ?? "";
  const reader = await connectEngine(engineTarget(options));
  if (!reader.ok) return complain(reader.reason);
  const ports = await publishedPorts(reader.value, files);
  await reader.value.close();
  if (!ports.ok) return complain(ports.reason);
  if (ports.value.length === 0) {
    return complain(
      `no running service of ${target ?? options.file[0]} publishes a TCP port: docker compose up -d first`,
    );
  }
  let file: number;
  try {
    // It holds what was typed, passwords too.
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    return complain(`${path} in ${dirname(resolve(path))} cannot be made: ${whyUnwritten(error)}`);
  }
  let count = 0;
  const open = await Promise.all(
    ports.value.map(async (published) => ({
      published,
      ...(await recordPort(published, (request) => {
        count += 1;
        writeSync(file, `${JSON.stringify(request)}\n`);
      })),
    })),
  );
  for (const { published, address } of open) {
    complain(`${published.service}: open ${address} instead of port ${published.hostPort}`);
  }
  complain("use it as its users do; Ctrl-C ends the recording");
  await new Promise<void>((ended) => {
    for (const signal of signals) process.once(signal, () => ended());
  });
  for (const { close } of open) close();
  closeSync(file);
  const requests = `${count} request${count === 1 ? "" : "s"}`;
  complain(
    `${requests} in ${path}, readable by you alone: it holds what was typed. To replay it: --check-http @${path}`,
  );
  return count > 0 ? 0 : 2;
}
