import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Finding } from "../src/audit/finding.ts";
import { hashToken } from "../src/fleet/server/sign-in/passwords.ts";

/** A real `bulkhead serve` of this store, without a watch of its own. PROFILE: a folder for a profile of its processor time. */
export async function startServe(store: string, port: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      ...(process.env.PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.PROFILE}`] : []),
      process.env.PROGRAM ?? "dist/bulkhead.cjs",
      ...["serve", "--no-config", "--no-watch", "--store", store, "--listen", `127.0.0.1:${port}`],
    ],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NODE_PATH: resolve("node_modules") } },
  );
  await new Promise<void>((ready, fail) => {
    child.once("exit", () => fail(new Error("serve ended")));
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("the page is at")) ready();
      else process.stderr.write(chunk);
    });
  });
  return child;
}

/** A finding as large as on a real Engine. */
export function makeFinding(control: string, severity: Finding["severity"], subject: string): Finding {
  const observed = "as the Engine was told when the container was made, and as the kernel shows it";
  return {
    ...{ control, severity, subject, verdict: "fail", level: "effective" },
    message: `Sets nothing for ${control}: a process in the container can do more than it needs to`,
    locations: [{ pointer: `/HostConfig/${control}` }, { kernel: "/proc/4242/status", field: "CapEff" }],
    fix: {
      kind: "behavioural",
      summary: `Set ${control}, as the control's page says, and start the container again.`,
      snippet: `services:\n  web:\n    ${control}: true\n`,
      breaks: "A program that needs what is taken away says so in its log when it starts.",
    },
    suppressed: null,
    fingerprint: hashToken(`${control} ${subject}`).slice(0, 16),
    baseline: null,
    views: [
      { level: "configured", verdict: "fail", observed },
      { level: "effective", verdict: "fail", observed },
    ],
  };
}
