import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

type Claims = Record<string, unknown>;

export interface TestProviderOptions {
  /** Where browsers may come back to. */
  readonly pages: readonly string[];
  /** The groups of anyone who signs in by this name. */
  readonly groupsOf?: (name: string) => readonly string[];
}

/** How the provider lies, from now on. */
export interface Lies {
  /** Another ID token than the true one, signed anew. */
  token?: ((claims: Claims) => Claims) | undefined;
  /** Signs with a key that the provider does not publish. */
  isForged?: boolean | undefined;
  /** What it says of itself. */
  metadata?: ((metadata: Claims) => Claims) | undefined;
  /** Answers so instead. */
  status?: number | undefined;
}

export const client = { id: "bulkhead", secret: "the secret of the client" };

/** npm's oidc-provider on 127.0.0.1: anyone who gives a name is signed in, with any password. It lies where a test asks for it. */
export async function startProvider({ pages, groupsOf = () => [] }: TestProviderOptions) {
  const lies: Lies = {};
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const foreign = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        id_token_signed_response_alg: "ES256",
        redirect_uris: pages.map((page) => `${page}/api/v1/sign-in/callback`),
        post_logout_redirect_uris: pages.map((page) => `${page}/`),
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
    scopes: ["openid", "profile", "groups"],
    jwks: { keys: [{ ...own.privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: "k" }] },
    cookies: { keys: ["only for tests"] },
    pkce: { required: () => true },
    // Nobody is asked whether bulkhead may know them.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? "",
        accountId: oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid profile groups");
      await grant.save();
      return grant;
    },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: [...groupsOf(id)] }),
    }),
  } satisfies Configuration);
  provider.use(async (context, next) => {
    if (lies.status !== undefined) {
      context.status = lies.status;
      context.body = "<h1>Bad gateway</h1>";
      return;
    }
    await next();
    const body = context.body as Claims | undefined;
    if (context.path === "/.well-known/openid-configuration" && lies.metadata && body) {
      context.body = lies.metadata(body);
    }
    if (context.path !== "/token" || typeof body?.id_token !== "string") return;
    const key = lies.isForged ? foreign.privateKey : own.privateKey;
    if (lies.token || lies.isForged)
      context.body = { ...body, id_token: resigned(body.id_token, lies.token ?? ((same) => same), key) };
  });
  server.on("request", provider.callback());
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { issuer, lies, stop };
}

function resigned(token: string, change: (claims: Claims) => Claims, key: KeyObject): string {
  const [head = "", body = ""] = token.split(".");
  const claims = change(JSON.parse(Buffer.from(body, "base64url").toString()));
  const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** A browser at the provider: signs in by this name, and gives the address that it is sent back to. */
export async function visitProvider(address: string, name: string): Promise<URL> {
  const { origin } = new URL(address);
  const cookies = new Map<string, string>();
  let next = new URL(address);
  let form: URLSearchParams | undefined;
  while (next.origin === origin) {
    const answer = await fetch(next, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join("; ") },
      ...(form ? { method: "POST", body: form } : {}),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, key = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(key, value);
    }
    const text = await answer.text();
    const location = answer.headers.get("location");
    form = undefined;
    if (location !== null) next = new URL(location, next);
    else if (next.pathname.startsWith("/interaction/"))
      form = new URLSearchParams({ prompt: "login", login: name, password: "any" });
    else throw new Error(`the provider answers ${answer.status}: ${text.slice(0, 500)}`);
  }
  return next;
}
