import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import { createFile } from "../../fix/apply.ts";
import { readBundle, type Statement } from "../../fix/bundle/bundle.ts";
import { keyIdOf, seal } from "../../fix/bundle/envelope.ts";
import { privateKeyOf, publicKeyOf } from "../../fix/bundle/keys.ts";
import { type Compared, compareWith } from "../../learn/bundle/compare.ts";
import { statementOf } from "../../learn/bundle/statement.ts";
import { complain } from "../common/complain.ts";
import { version } from "../common/version.ts";
import type { AllLearnt } from "./learn-all.ts";
import type { LearnOptions } from "./options.ts";

/** Writes or compares what was learnt, and answers the exit status. */
type Bundling = (all: AllLearnt) => number;

/** What --bundle or --verify-bundle ask for, with their files read before anything runs. Undefined without either. */
export async function openBundling(options: LearnOptions): Promise<Result<Bundling | undefined>> {
  const { bundle, sign, verifyBundle, key, apply, output, inPlace } = options;
  if (sign !== undefined && bundle === undefined) return failed("--sign needs --bundle");
  if (key !== undefined && verifyBundle === undefined) return failed("--key needs --verify-bundle");
  if (bundle === undefined && verifyBundle === undefined) return ok(undefined);
  if (options.merge)
    return failed("a bundle is of one image, and --merge adds runs of earlier ones: leave it out");
  if (inPlace) return failed("a bundle is of trials: --in-place makes none");
  if (verifyBundle === undefined) {
    const own = keyFrom(sign, privateKeyOf);
    return own.ok ? ok((all) => writeBundle(all, bundle ?? "", own.value)) : own;
  }
  if (bundle !== undefined || apply || output !== undefined) {
    return failed("--verify-bundle writes nothing: leave out --bundle, --apply and --output");
  }
  const theirs = keyFrom(key, publicKeyOf);
  if (!theirs.ok) return theirs;
  const text = textOf(verifyBundle);
  if (!text.ok) return text;
  const read = readBundle(text.value, theirs.value);
  if (!read.ok) return failed(`${verifyBundle}: ${read.reason}`);
  return ok((all) => compareBundle(all, read.value, { name: verifyBundle, key: theirs.value }, options));
}

function writeBundle(all: AllLearnt, path: string, key: KeyObject | undefined): number {
  const statement = statementNow(all);
  if (!statement.ok) return complain(`${path} was not written: ${statement.reason}`);
  const written = createFile(path, `${JSON.stringify(seal(statement.value, key), null, 2)}\n`);
  if (!written.ok) return complain(`${path} was not written: ${written.reason}`);
  const by = key ? `signed with ${keyIdOf(key).slice(0, 16)}` : "not signed (--sign KEY signs it)";
  process.stderr.write(`bulkhead: ${path} is written, ${by}\n`);
  return 0;
}

function compareBundle(
  all: AllLearnt,
  bundle: Statement,
  { name, key }: { readonly name: string; readonly key: KeyObject | undefined },
  { format }: LearnOptions,
): number {
  const again = statementNow(all);
  if (!again.ok) return complain(again.reason);
  const compared = compareWith(bundle, again.value);
  const { tool, made } = bundle.predicate;
  const signed = key ? keyIdOf(key) : null;
  if (format === "json") {
    const document = {
      schemaVersion: 1,
      bundle: name,
      made,
      version: tool.version,
      signedWith: signed,
      workloads: compared,
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    const by =
      signed === null ? "its signature was not checked: --key" : `signed with ${signed.slice(0, 16)}`;
    process.stdout.write(`${visible(`${name}, of ${made} by bulkhead ${tool.version}; ${by}`)}\n`);
    process.stdout.write(compared.map(sayCompared).join(""));
  }
  return compared.some(({ differences }) => differences.length > 0) ? 1 : 0;
}

function sayCompared({ subject, differences }: Compared): string {
  const lines = differences.length === 0 ? ["the same as then"] : differences;
  return lines.map((line) => `  ${visible(`${subject}: ${line}`)}\n`).join("");
}

function statementNow({ learnt, images, hostCpus }: AllLearnt): Result<Statement> {
  const day = new Date().toISOString().slice(0, 10);
  return statementOf(learnt, images, { version, day, hostCpus });
}

function keyFrom(
  path: string | undefined,
  read: (pem: string) => Result<KeyObject>,
): Result<KeyObject | undefined> {
  if (path === undefined) return ok(undefined);
  const text = textOf(path);
  const key = text.ok ? read(text.value) : text;
  return key.ok || !text.ok ? key : failed(`${path} ${key.reason}`);
}

function textOf(path: string): Result<string> {
  try {
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return failed(`${path} cannot be read: ${whyUnread(error)}`);
  }
}
