import type { KeyObject } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { type Bundles, bundlesOf, noBundles } from "../../fix/bundle/bundle.ts";
import { publicKeyOf } from "../../fix/bundle/keys.ts";

import type { AuditSettings } from "../audit/settings.ts";

/**
 * The bundles that bulkhead.yaml names. One that cannot be read, or is not signed as it must be, fails all. `signer` is the key
 * that signed bulkhead.yaml: then it must have signed the bundles, too, for a file beside it may be anyone's.
 */
export function bundlesIn(
  { config, path = "" }: Pick<AuditSettings, "config" | "path">,
  io: DiskFiles,
  signer?: KeyObject,
): Result<Bundles> {
  if (!config.bundles) return ok(noBundles);
  const pathOf = (name: string) => resolve(dirname(path), name);
  const textOf = (name: string): Result<string> => {
    const text = io.read(pathOf(name));
    return text.ok ? text : failed(`${name} cannot be read: ${text.reason}`);
  };
  const { files, key: keyFile } = config.bundles;
  const pem = keyFile === undefined ? undefined : textOf(keyFile);
  if (pem && !pem.ok) return pem;
  const key = pem && publicKeyOf(pem.value);
  if (key && !key.ok) return failed(`${keyFile} ${key.reason}`);
  const texts: { readonly name: string; readonly text: string }[] = [];
  for (const name of files) {
    const text = textOf(name);
    if (!text.ok) return text;
    texts.push({ name, text: text.value });
  }
  const read = bundlesOf(texts, signer ?? key?.value);
  return read.ok
    ? ok({ ...read.value, files: [...files, ...(keyFile === undefined ? [] : [keyFile])].map(pathOf) })
    : read;
}
