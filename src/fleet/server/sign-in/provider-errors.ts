import { unreachedInWords } from "../../../base/error-words.ts";
import type { SignInRefusal } from "./refusals.ts";

export interface WhyRefused {
  readonly refusal: SignInRefusal;
  /** For the log: holds no code, token or secret. */
  readonly why: string;
}

/** An error of the library with those that it follows from. Only such fields are read, since others may hold tokens. */
interface Clues {
  readonly codes: readonly string[];
  /** The claim or the attribute that is wrong. */
  readonly claim: string | undefined;
  /** The provider's own word: `access_denied`. */
  readonly word: string | undefined;
  readonly message: string;
}

const byClaim: Readonly<Record<string, WhyRefused>> = {
  iss: { refusal: "issuer", why: "the ID token names another issuer" },
  issuer: { refusal: "issuer", why: "it says that it is another issuer than --oidc-issuer names" },
  aud: { refusal: "audience", why: "the ID token is for another client" },
  azp: { refusal: "audience", why: "the ID token was issued to another client" },
  nonce: { refusal: "nonce", why: "the ID token has another nonce" },
  sub: { refusal: "answer", why: "its user information is about somebody else" },
};

/** Why a question to the provider, or the check of its answer, failed. */
export function whyRefused(error: unknown): WhyRefused {
  const { codes, claim, word, message } = cluesIn(error);
  const has = (code: string) => codes.includes(code);
  const unreached = codes.flatMap((code) => unreachedInWords(code) ?? [])[0];
  if (unreached !== undefined) return { refusal: "unreachable", why: `the provider ${unreached}` };
  if (has("OAUTH_TIMEOUT")) return { refusal: "unreachable", why: "the provider gives no answer in time" };
  if (has("OAUTH_RESPONSE_IS_NOT_CONFORM") || has("OAUTH_RESPONSE_IS_NOT_JSON"))
    return { refusal: "unreachable", why: "the provider answers with an error page" };
  if (has("OAUTH_JWT_TIMESTAMP_CHECK_FAILED"))
    return { refusal: "expired", why: "the ID token's times do not include now" };
  const wrong = claim === undefined ? undefined : byClaim[claim];
  if (wrong) return wrong;
  if (/"iss"/.test(message)) return { refusal: "issuer", why: "the answer names another issuer" };
  if (/signature/.test(message) || has("OAUTH_KEY_SELECTION_FAILED"))
    return { refusal: "signature", why: "no key of the provider made the ID token's signature" };
  if (word === "access_denied") return { refusal: "cancelled", why: "the provider answers access_denied" };
  if (word === "invalid_client" || word === "unauthorized_client" || has("OAUTH_WWW_AUTHENTICATE_CHALLENGE"))
    return { refusal: "client", why: "the provider refuses the client ID or the secret" };
  if (word !== undefined) return { refusal: "answer", why: `the provider answers ${word}` };
  const last = codes.at(-1);
  return {
    refusal: "answer",
    why: last === undefined ? "its answer cannot be used" : `its answer cannot be used (${last})`,
  };
}

function cluesIn(error: unknown): Clues {
  const codes: string[] = [];
  const messages: string[] = [];
  let claim: string | undefined;
  let word: string | undefined;
  let next = error;
  for (let depth = 0; depth < 6 && typeof next === "object" && next !== null; depth += 1) {
    const fields: Readonly<Record<string, unknown>> = { ...next };
    const { code, name } = next as { code?: unknown; name?: unknown };
    if (name === "TimeoutError") codes.push("OAUTH_TIMEOUT");
    if (typeof code === "string") codes.push(code);
    if (next instanceof Error) messages.push(next.message);
    for (const field of [fields.claim, fields.attribute]) if (typeof field === "string") claim ??= field;
    const said = "error" in next ? next.error : undefined;
    if (typeof said === "string" && /^\w{1,40}$/.test(said)) word ??= said;
    next = "cause" in next ? next.cause : undefined;
  }
  return { codes, claim, word, message: messages.join(" ") };
}
