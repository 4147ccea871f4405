import { resolve } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { type ProviderOptions, type Role, roles } from "../../fleet/serve.ts";
import { isLoopbackUrl } from "../common/loopback.ts";
import { readSecret } from "../watch/secrets.ts";
import type { ServeOptions } from "./options.ts";

type Given = Pick<
  ServeOptions,
  "oidcIssuer" | "oidcClientId" | "oidcClientSecretFile" | "oidcScope" | "oidcClaim" | "oidcRole" | "oidcTeam"
>;

/** The provider that signs people in; undefined where none is named. */
export function providerOptions(given: Given): Result<Omit<ProviderOptions, "say"> | undefined> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: secretFile } = given;
  if (issuer === undefined) {
    const lonely = Object.entries({
      "--oidc-client-id": clientId,
      "--oidc-client-secret-file": secretFile,
      "--oidc-role": given.oidcRole[0],
      "--oidc-team": given.oidcTeam[0],
    }).find(([, value]) => value !== undefined);
    return lonely ? failed(`${lonely[0]} belongs to --oidc-issuer`) : ok(undefined);
  }
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    return failed(`--oidc-issuer ${issuer} is not an address such as https://login.example.org`);
  }
  if (url.protocol === "http:" && !isLoopbackUrl(url)) {
    return failed(`--oidc-issuer ${issuer} would send tokens in the clear: https:// is needed`);
  }
  if (clientId === undefined)
    return failed("--oidc-issuer needs --oidc-client-id, as the provider knows bulkhead");
  const byValue = rolesByValue(given.oidcRole);
  if (!byValue.ok) return byValue;
  const teams = teamsByValue(given.oidcTeam);
  if (!teams.ok) return teams;
  const secret = secretFile === undefined ? ok(undefined) : readSecret({ file: resolve(secretFile) });
  if (!secret.ok) return failed(`--oidc-client-secret-file: ${secret.reason}`);
  const scope = given.oidcScope;
  if (!scope.split(" ").includes("openid")) return failed(`--oidc-scope ${scope} lacks openid`);
  return ok({
    issuer: url,
    clientId,
    secret: secret.value,
    scope,
    claim: given.oidcClaim,
    roles: byValue.value,
    teams: teams.value,
  });
}

function rolesByValue(given: readonly string[]): Result<ReadonlyMap<string, Role>> {
  if (given.length === 0) {
    return failed(
      "--oidc-issuer needs --oidc-role, or nobody may sign in: --oidc-role bulkhead-admins=administrator",
    );
  }
  const byValue = new Map<string, Role>();
  for (const text of given) {
    const at = text.lastIndexOf("=");
    const role = roles.find((each) => each === text.slice(at + 1));
    if (at < 1 || !role) {
      return failed(`--oidc-role ${text} is not VALUE=ROLE with one of the roles ${roles.join(", ")}`);
    }
    byValue.set(text.slice(0, at), role);
  }
  return ok(byValue);
}

function teamsByValue(given: readonly string[]): Result<readonly (readonly [string, string])[]> {
  const pairs = given.map((text) => {
    const at = text.lastIndexOf("=");
    return [text.slice(0, Math.max(at, 0)), text.slice(at + 1)] as const;
  });
  const wrong = pairs.findIndex(([value, team]) => value === "" || team === "");
  return wrong < 0 ? ok(pairs) : failed(`--oidc-team ${given[wrong]} is not VALUE=TEAM`);
}
