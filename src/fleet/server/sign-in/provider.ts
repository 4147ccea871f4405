import type * as OpenidClient from "openid-client";
import type { Person } from "../../store/accounts/provided-accounts.ts";
import { type Role, roles } from "../../store/accounts/roles.ts";
import { type WhyRefused, whyRefused } from "./provider-errors.ts";

export interface ProviderOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** Undefined for a public client, which has PKCE alone. */
  readonly secret: string | undefined;
  /** `openid profile email`. */
  readonly scope: string;
  /** The claim whose values give roles. */
  readonly claim: string;
  readonly roles: RolesByValue;
  /** Empty: what somebody sees is said in Settings. */
  readonly teams: TeamsByValue;
  readonly say: (text: string) => void;
}

/** An OpenID Connect provider that signs people in, by the authorization code flow with PKCE, state and nonce. */
export interface Provider {
  /** As the page names it: its host. */
  readonly name: string;
  /** Where the browser goes, and what it keeps until it comes back. */
  begin(callback: URL): Promise<Begun | Refused>;
  /** Who came back to `address`, where `kept` is what the browser kept. */
  finish(address: URL, kept: string | undefined): Promise<Outcome>;
  /** Where the browser signs out at the provider; undefined if it offers no such address, or does not answer. */
  signOut(back: URL): Promise<URL | undefined>;
}

interface Begun {
  readonly outcome: "begun";
  readonly url: URL;
  readonly keep: string;
}

interface Refused extends WhyRefused {
  readonly outcome: "refused";
  /** Whom the provider named, where it gives them no role. */
  readonly person?: Omit<Person, "role" | "teams">;
}

type Outcome = { readonly outcome: "in"; readonly person: Person } | Refused;

/** Seconds for each question to the provider. */
const timeout = 5;
/** Milliseconds that what the provider says of itself is good for. */
const discoveredFor = 3_600_000;

export async function openProvider(options: ProviderOptions): Promise<Provider> {
  const { issuer, clientId, secret, scope, claim, roles, teams, say } = options;
  const client = await import("openid-client");
  let discovered: { readonly configuration: OpenidClient.Configuration; readonly at: number } | undefined;

  /** The provider may be away when serve starts, and its keys and addresses may change. */
  async function discover(): Promise<OpenidClient.Configuration> {
    if (discovered && Date.now() - discovered.at < discoveredFor) return discovered.configuration;
    const configuration = await client.discovery(
      issuer,
      clientId,
      undefined,
      secret === undefined ? client.None() : bySecret(secret),
      {
        timeout,
        execute: [
          // The token comes by TLS from the provider itself; a signature that is checked, too, costs little.
          client.enableNonRepudiationChecks,
          ...(issuer.protocol === "http:" ? [client.allowInsecureRequests] : []),
        ],
      },
    );
    discovered = { configuration, at: Date.now() };
    return configuration;
  }

  /** In the header, which is the standard's default, unless the provider takes it in the body alone. */
  function bySecret(text: string): OpenidClient.ClientAuth {
    return (server, ...rest) => {
      const taken = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
      const isBody = !taken.includes("client_secret_basic") && taken.includes("client_secret_post");
      const authenticate = isBody ? client.ClientSecretPost(text) : client.ClientSecretBasic(text);
      authenticate(server, ...rest);
    };
  }

  /** Claims about roles often are where the token's are not. */
  async function withUserInfo(
    configuration: OpenidClient.Configuration,
    accessToken: string,
    claims: OpenidClient.IDToken,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (claimOf(claims, claim) !== undefined && nameOf(claims) !== undefined) return claims;
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await client.fetchUserInfo(configuration, accessToken, claims.sub)), ...claims };
  }

  function isOwn(url: URL): boolean {
    return url.protocol === "https:" || url.protocol === issuer.protocol;
  }

  discover().catch((error: unknown) => {
    say(`single sign-on by ${issuer.host}: ${whyRefused(error).why}; it is tried again at each sign-in`);
  });

  return {
    name: issuer.host,
    async begin(callback) {
      try {
        const configuration = await discover();
        const verifier = client.randomPKCECodeVerifier();
        const state = client.randomState();
        const nonce = client.randomNonce();
        const url = client.buildAuthorizationUrl(configuration, {
          redirect_uri: callback.href,
          scope,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
          state,
          nonce,
        });
        if (!isOwn(url))
          return { outcome: "refused", refusal: "answer", why: "its address to sign in is not https://" };
        return { outcome: "begun", url, keep: [state, nonce, verifier].join(".") };
      } catch (error) {
        return { outcome: "refused", ...whyRefused(error) };
      }
    },
    async finish(address, kept) {
      const [state, nonce, verifier] = kept?.split(".") ?? [];
      // Before the provider is asked anything: anyone who did not begin here is sent away.
      if (!state || !nonce || !verifier || address.searchParams.get("state") !== state) {
        return { outcome: "refused", refusal: "stale", why: "the browser did not begin this sign-in" };
      }
      try {
        const configuration = await discover();
        const tokens = await client.authorizationCodeGrant(configuration, address, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const token = tokens.claims();
        if (!token) return { outcome: "refused", refusal: "answer", why: "there is no ID token" };
        const claims = await withUserInfo(configuration, tokens.access_token, token);
        return personIn(token, claims);
      } catch (error) {
        return { outcome: "refused", ...whyRefused(error) };
      }
    },
    async signOut(back) {
      try {
        const url = client.buildEndSessionUrl(await discover(), { post_logout_redirect_uri: back.href });
        return isOwn(url) ? url : undefined;
      } catch {
        return undefined;
      }
    },
  };

  function personIn(token: OpenidClient.IDToken, claims: Readonly<Record<string, unknown>>): Outcome {
    const name = nameOf(claims) ?? token.sub;
    if (!isName(name)) {
      return {
        outcome: "refused",
        refusal: "answer",
        why: "neither preferred_username, email nor sub is a name",
      };
    }
    const person = { issuer: token.iss, subject: token.sub, name };
    const role: Role | undefined = roleByClaims(claims, claim, roles);
    if (role !== undefined) {
      const seen = teams.length === 0 ? undefined : teamsByClaims(claims, claim, teams);
      return { outcome: "in", person: { ...person, role, teams: seen } };
    }
    const why = `${name} has no value in the claim ${claim} that gives a role`;
    return { outcome: "refused", refusal: "role", why, person };
  }
}

function nameOf(claims: Readonly<Record<string, unknown>>): string | undefined {
  return [claims.preferred_username, claims.email].find(
    (value): value is string => typeof value === "string" && isName(value),
  );
}

function isName(text: string): boolean {
  return /^[\p{L}\p{N}._@+-]{1,64}$/u.test(text);
}

/** Which value of a claim gives which role; `*` is for everybody whom the provider signs in. */
type RolesByValue = ReadonlyMap<string, Role>;

/** The highest role that the claims give; undefined if they give none. */
export function roleByClaims(
  claims: Readonly<Record<string, unknown>>,
  claim: string,
  byValue: RolesByValue,
): Role | undefined {
  const values = ["*", ...valuesOf(claimOf(claims, claim))];
  const given = values.flatMap((value) => byValue.get(value) ?? []);
  return roles.findLast((role) => given.includes(role));
}

/** Which value of a claim makes somebody a member of which team, by its name; `*` likewise. */
type TeamsByValue = readonly (readonly [value: string, team: string])[];

/** The teams that the claims give. */
function teamsByClaims(
  claims: Readonly<Record<string, unknown>>,
  claim: string,
  byValue: TeamsByValue,
): readonly string[] {
  const values = ["*", ...valuesOf(claimOf(claims, claim))];
  return byValue.flatMap(([value, team]) => (values.includes(value) ? team : []));
}

/** `groups`, or `realm_access.roles` within another claim. A name with dots in it is tried as it is first. */
function claimOf(claims: Readonly<Record<string, unknown>>, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim];
  let found: unknown = claims;
  for (const part of claim.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, part)) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}

function valuesOf(found: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.filter((value) => typeof value === "string" && value !== "*") as string[];
}
