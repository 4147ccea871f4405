import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { configFolder } from "./cli-config.ts";
import type { ConnectOptions, TlsMaterial } from "./endpoint.ts";

/**
 * The TLS material that the environment asks for: with DOCKER_TLS_VERIFY or DOCKER_TLS set at all (to "0", too) it is
 * ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH, else in the docker CLI's folder. Undefined where neither is set.
 *
 * @see https://docs.docker.com/engine/security/protect-access/#secure-by-default
 */
export function environmentTls(options: ConnectOptions): Result<TlsMaterial | undefined> {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_TLS: tls, DOCKER_CERT_PATH: path } = options.environment;
  if (!verify && !tls) return ok(undefined);
  const folder = path || configFolder(options);
  const ca = pem(join(folder, "ca.pem"));
  if (!ca.ok) return ca;
  return withClientCertificate(folder, { ca: ca.value, verify: Boolean(verify) });
}

/** The TLS material of a context: whichever of the three files are there; undefined where none is. */
export function folderTls(folder: string, verify: boolean): Result<TlsMaterial | undefined> {
  const path = join(folder, "ca.pem");
  const ca = existsSync(path) ? pem(path) : ok(undefined);
  if (!ca.ok) return ca;
  const material = withClientCertificate(folder, { verify, ...(ca.value !== undefined && { ca: ca.value }) });
  if (!material.ok) return material;
  const isEmpty = material.value.ca === undefined && material.value.cert === undefined;
  return isEmpty && verify ? ok(undefined) : material;
}

function withClientCertificate(folder: string, material: TlsMaterial): Result<TlsMaterial> {
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  if (!existsSync(paths.cert) && !existsSync(paths.key)) return ok(material);
  const cert = pem(paths.cert);
  const key = pem(paths.key);
  if (!cert.ok) return cert;
  return key.ok ? ok({ ...material, cert: cert.value, key: key.value }) : key;
}

function pem(path: string): Result<string> {
  try {
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return failed(`the TLS file ${path} cannot be read: ${whyUnread(error)}`);
  }
}
