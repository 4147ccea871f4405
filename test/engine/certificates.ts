import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  /** Holds ca.pem, cert.pem and key.pem of a client, as DOCKER_CERT_PATH wants them. */
  readonly client: string;
  /** ca.pem alone. */
  readonly authority: string;
  /** ca.pem, cert.pem and key.pem of a server on 127.0.0.1 and localhost. */
  readonly server: string;
}

/** Makes an authority and certificates that it signed, valid for a day, below the folder. */
export function makeCertificates(folder: string): Certificates {
  const made = {
    client: join(folder, "client"),
    authority: join(folder, "authority"),
    server: join(folder, "server"),
  };
  for (const each of Object.values(made)) mkdirSync(each, { recursive: true });
  const ca = join(made.authority, "ca.pem");
  const caKey = join(folder, "ca-key.pem");
  openssl("req", "-x509", ...newKey, "-keyout", caKey, "-out", ca, "-subj", "/CN=authority", "-days", "1");
  sign(
    made.server,
    "localhost",
    "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth",
    ca,
    caKey,
  );
  sign(made.client, "client", "extendedKeyUsage=clientAuth", ca, caKey);
  return made;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function sign(folder: string, name: string, extensions: string, ca: string, caKey: string): void {
  const request = join(folder, "request.pem");
  const options = join(folder, "extensions");
  writeFileSync(options, extensions);
  copyFileSync(ca, join(folder, "ca.pem"));
  openssl("req", ...newKey, "-keyout", join(folder, "key.pem"), "-out", request, "-subj", `/CN=${name}`);
  const issue = ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", "1"];
  openssl(...issue, "-extfile", options, "-out", join(folder, "cert.pem"));
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
