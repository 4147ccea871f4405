import { codeOf, firstLine } from "../../base/error-words.ts";
import type { Endpoint } from "./endpoint.ts";

const unixHints: Readonly<Record<string, string>> = {
  EACCES: "permission denied: become root, or a member of the group that owns the socket",
  EPERM: "permission denied: become root, or a member of the group that owns the socket",
  ENOENT: "the socket does not exist (is the Engine running?)",
  ENOTDIR: "the socket does not exist (is the Engine running?)",
  ECONNREFUSED: "nothing listens there (is the Engine running?)",
  ENOTSOCK: "it is not a socket",
  EINVAL: "the path is too long for a socket",
};

const tcpHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (is the Engine running, and is the port right?)",
  ENOTFOUND: "the name is not known: is it spelled right?",
  EAI_AGAIN: "the name cannot be resolved now",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the host",
  ECONNRESET: "the connection was cut: does that port speak TLS?",
};

const common: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: "it cannot be connected in time",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer in time",
  UND_ERR_BODY_TIMEOUT: "it does not answer in time",
  UND_ERR_RES_EXCEEDED_MAX_SIZE: "it answers with more than a document may hold",
  UND_ERR_SOCKET: "it closed the connection",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
};

/** Why a connection failed, as one clause with a hint of what to do. */
export function whyConnection(error: unknown, endpoint: Endpoint): string {
  const code = codeOf(error);
  if (isTimeout(error)) return "it does not answer in time";
  // In TLS 1.3 the refusal comes after the handshake, often as no more than the end of the connection.
  const isCut = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(code);
  if (isCut && endpoint.kind === "tcp" && endpoint.tls && !endpoint.tls.cert) return wantsCertificate;
  if (endpoint.kind === "unix" && unixHints[code]) return unixHints[code];
  if (endpoint.kind === "tcp" && tcpHints[code]) return tcpHints[code];
  const tls = whyTls(code, error);
  if (tls) return tls;
  if (code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError"))
    return "what answers there does not speak HTTP, so it is not a Docker Engine";
  const said = error instanceof Error ? firstLine(error.message) : "";
  return common[code] ?? (said === "" ? "the connection failed" : `the connection failed: ${said}`);
}

export function isTimeout(error: unknown): boolean {
  const isAbort = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  return (
    isAbort ||
    ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"].includes(codeOf(error))
  );
}

const wantsCertificate =
  "it refuses the TLS connection: it wants a client certificate that it trusts (cert.pem and key.pem in DOCKER_CERT_PATH)";

const distrust = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
]);

function whyTls(code: string, error: unknown): string | undefined {
  if (distrust.has(code)) {
    return "its certificate comes from an authority that is not trusted here: is ca.pem in DOCKER_CERT_PATH the right one?";
  }
  if (code === "CERT_HAS_EXPIRED") return "its certificate has expired";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "its certificate is for another name than this address";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return "it does not speak TLS: unset DOCKER_TLS_VERIFY, or use its TLS port";
  }
  if (/ALERT|HANDSHAKE/.test(code)) {
    return wantsCertificate;
  }
  const isBadFile =
    /^ERR_OSSL|^ERR_CRYPTO|^ERR_SSL/.test(code) ||
    /PEM|DECODER|key values mismatch/.test(error instanceof Error ? error.message : "");
  return isBadFile ? `the TLS files cannot be used (${code || "not PEM"})` : undefined;
}
