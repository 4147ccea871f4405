#!/usr/bin/env node
import { CommanderError } from "commander";
import { whyUnwritten } from "../base/error-words.ts";
import { ownEngine } from "../engine/connect/choose.ts";
import { engineTarget } from "./common/engine-target.ts";
import { buildProgram } from "./program.ts";

/** Wrong use, or something that was asked for could not be read. */
const wrongUse = 2;

// A reader that stops early (`bulkhead audit | head`) is no fault; a full disk is one, and not of bulkhead's own.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  process.stderr.write(`bulkhead: standard output cannot be written: ${whyUnwritten(error)}\n`);
  process.exit(wrongUse);
});
// What is thrown outside of a command's own promise.
process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? (process.exitCode ?? 0) : tell(error));
});

// docker, docker compose and a user's own checks look at the Engine that bulkhead looks at.
const own = ownEngine(engineTarget({}));
if (own !== undefined) process.env.DOCKER_HOST = own;

buildProgram(process.argv[2])
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = tell(error);
  });

/** Says what went wrong in one line; a stack trace only for who asks for it. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUse;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`bulkhead: this is a fault of bulkhead's own, please report it: ${message}\n`);
  if (process.env.BULKHEAD_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return wrongUse;
}
