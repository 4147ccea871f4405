import { type Credential, credentialsInValue } from "../../model/credentials/find.ts";

/** What looks like a credential: by the variable's name, or by the value's own shape. */
export type CredentialKind = Credential["by"];

/** Whether the variable holds a credential that is written out, and how that is known. */
export function credentialIn(name: string, value: string): CredentialKind | undefined {
  return credentialsInValue(name, value)[0]?.by;
}
