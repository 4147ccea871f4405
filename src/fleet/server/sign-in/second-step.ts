import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { secondStepOf, setSecondStep } from "../../store/accounts/second-step.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { hashToken } from "./passwords.ts";

/** Six digits each 30 s by HMAC-SHA-1: what every authenticator app knows (RFC 6238). */
const kind = { algorithm: "SHA1", digits: 6, period: 30 } as const;

/** A secret that an app may be given, and the address that its camera reads (Google Authenticator's key URI format). */
export function offerSecret(
  account: string,
  host: string,
): { readonly secret: string; readonly address: string } {
  const secret = new Secret({ size: 20 });
  const totp = new TOTP({ ...kind, issuer: "bulkhead", label: `${account}@${host}`, secret });
  return { secret: secret.base32, address: totp.toString() };
}

/** The number of the code: RFC 6238's T. A clock may be one code ahead or behind. Undefined: it is another code. */
export function codeNumber(secret: string, code: string, now: number): number | undefined {
  const totp = new TOTP({ ...kind, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: code.replace(/ /g, ""), timestamp: now, window: 1 });
  return delta === null ? undefined : totp.counter({ timestamp: now }) + delta;
}

const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

/** Ten codes of fifty bits, for who lost the app: `abcde-fghij`. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: 10 }, () => {
    const letters = [...randomBytes(10)].map((byte) => alphabet[byte % 32]).join("");
    return `${letters.slice(0, 5)}-${letters.slice(5)}`;
  });
}

export function hashRecoveryCode(code: string): string {
  return hashToken(code.trim().toLowerCase());
}

/** Uses a code of an account up: of its app, or a recovery code. `needed`: it has a second step, and no code came. */
export async function passSecondStep(
  database: FleetDatabase,
  id: number,
  code: string | undefined,
  now: number,
): Promise<"passed" | "recovered" | "needed" | "wrong"> {
  const step = await secondStepOf(database, id);
  if (!step) return "passed";
  if (code === undefined || code === "") return "needed";
  const number = codeNumber(step.secret, code, now);
  if (number !== undefined) {
    const isUsed =
      number <= step.last || !(await setSecondStep(database, id, step, { ...step, last: number }));
    return isUsed ? "wrong" : "passed";
  }
  const hash = hashRecoveryCode(code);
  const recovery = step.recovery.filter((each) => each !== hash);
  if (recovery.length === step.recovery.length) return "wrong";
  return (await setSecondStep(database, id, step, { ...step, recovery })) ? "recovered" : "wrong";
}
