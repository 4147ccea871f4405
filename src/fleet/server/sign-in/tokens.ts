import { createHash, randomBytes } from "node:crypto";

/** What a browser or a link holds: 32 random bytes, in base64url. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What the database holds of it: who reads the database cannot sign in by it. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
