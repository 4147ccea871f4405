const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "broke the connection off",
  EPIPE: "broke the connection off",
  ENOTFOUND: "is not known by that name",
  EAI_AGAIN: "cannot be looked up: the name server does not answer",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ETIMEDOUT: "cannot be reached in time",
  ERR_TLS_CERT_ALTNAME_INVALID: "shows a certificate for another name",
  CERT_HAS_EXPIRED: "shows a certificate that has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "shows a certificate that nobody vouches for",
  SELF_SIGNED_CERT_IN_CHAIN: "shows a certificate that nobody here knows the signer of",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "shows a certificate that nobody here knows the signer of",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "shows a certificate that nobody here knows the signer of",
};

/** Why something at an address could not be talked to, as what it does: `refuses the connection`. Shows no address: it may be a secret. */
export function whyUnreached({ code }: NodeJS.ErrnoException): string {
  if (code === undefined) return "cannot be talked to";
  return reasons[code] ?? `cannot be talked to (${code})`;
}

const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

/** The same of a `bulkhead serve`, whose certificate can be the reader's own. */
export function whyServeUnreached(error: NodeJS.ErrnoException): string {
  const why = whyUnreached(error);
  if (!untrusted.has(error.code ?? "")) return why;
  return `${why} (if it is yours, set NODE_EXTRA_CA_CERTS to the file of the certificate, or of its authority)`;
}

/** The same for a caller with other words for the codes that the table does not know. */
export function unreachedInWords(code: string): string | undefined {
  return reasons[code];
}
