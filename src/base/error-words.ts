const unreachedReasons: Readonly<Record<string, string>> = {
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
  return unreachedReasons[code] ?? `cannot be talked to (${code})`;
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
  return unreachedReasons[code];
}

/** The system's error codes in words: one table, so that a full disk is called the same everywhere. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use or a mount point",
  EDQUOT: "the disk quota is used up",
  EEXIST: "there is a file of that name",
  EIO: "the disk fails",
  EISDIR: "it is a folder",
  ELOOP: "too many symbolic links",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  EPERM: "permission denied",
  EPIPE: "its reader has gone",
  EROFS: "the file system is read-only",
  EXDEV: "it is on another file system",
};

/** Why a file could not be read. */
export function whyUnread(error: unknown): string {
  const code = codeOf(error);
  return reasons[code] ?? (code === "" ? "it cannot be read" : `it cannot be read (${code})`);
}

/** Why a file could not be written. A new file needs its folder to exist. */
export function whyUnwritten(error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "its folder does not exist";
  return reasons[code] ?? (code === "" ? "it cannot be written" : `it cannot be written (${code})`);
}

/** The words for a code, for a caller with a wording for the codes that the table does not know. */
export function codeInWords(code: string): string | undefined {
  return reasons[code];
}

/** The system's or a library's error code: `ECONNREFUSED`, `UND_ERR_SOCKET`; "" where there is none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Several addresses of one name fail together.
  return error instanceof AggregateError ? codeOf(error.errors[0]) : "";
}

/** Characters of a line: the Engine can put 200 characters of its call chain before the runtime's reason. */
const longest = 500;

/** The first line, short enough for a message. */
export function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what an Engine or ssh says must not steer the terminal.
  const clean = line.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
