import { issuerShapes } from "./issuers.ts";

export interface Token {
  /** `github-pat`. */
  readonly issuer: string;
  readonly value: string;
}

/** What the kept rules lack; each has the issuer's own words as its source. */
const further: readonly (readonly [id: string, pattern: RegExp])[] = [
  // https://docs.docker.com/security/access-tokens/
  ["docker-access-token", /\bdckr_(?:pat|oat)_[\w-]{20,200}/g],
  // https://docs.anthropic.com/en/api/overview; https://platform.openai.com/docs/api-reference/authentication
  ["model-api-key", /\bsk-(?:ant|proj|svcacct)-[\w-]{20,200}/g],
  // https://developer.hashicorp.com/vault/docs/concepts/tokens: shorter ones than the rule has
  ["vault-token", /\bhv[sbr]\.[\w-]{20,300}/g],
  // https://tailscale.com/kb/1085/auth-keys
  ["tailscale-key", /\btskey-[a-z]{2,20}-[\w-]{10,100}/g],
  // https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
  ["azure-storage-key", /(?<=AccountKey=)[A-Za-z0-9+/]{40,200}={0,2}/g],
  // https://core.telegram.org/bots/api#authorizing-your-bot
  ["telegram-bot-token", /\b\d{8,10}:AA[\w-]{33}\b/g],
  // https://discord.com/developers/docs/resources/webhook
  ["discord-webhook", /(?<=discord(?:app)?\.com\/api\/(?:v\d{1,3}\/)?webhooks\/)\d{5,30}\/[\w-]{20,100}/gi],
  [
    "slack-webhook",
    /(?<=hooks\.slack\.com\/(?:services|workflows|triggers)\/)T[\w-]{5,30}\/[\w-]{5,30}\/[\w-]{10,60}/g,
  ],
  ["slack-token", /\bxox[abeprs]-[A-Za-z0-9-]{10,255}/g],
  ["pypi-token", /\bpypi-[\w-]{50,1000}/g],
  ["sendgrid-key", /\bSG\.[\w-]{16,64}\.[\w-]{16,64}/g],
  ["github-token", /\bgh[pousr]_[A-Za-z0-9]{36,255}|\bgithub_pat_\w{50,255}/g],
  ["npm-token", /\bnpm_[A-Za-z0-9]{36}\b/g],
  ["stripe-key", /\b[sr]k_live_[A-Za-z0-9]{16,200}/g],
  ["aws-access-key-id", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ["json-web-token", /\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}(?:\.[\w-]{0,1000})?/g],
  // https://docs.sentry.io/account/auth-tokens/
  ["sentry-token", /\bsntr(?:ys|yu)_[\w+/=-]{40,400}/g],
  // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
  ["new-relic-key", /\bNRA[KAL]-[A-Z0-9]{27}\b/g],
  // https://developers.hubspot.com/docs/api/private-apps
  ["hubspot-token", /\bpat-(?:na|eu|ap)\d-[a-f\d]{8}(?:-[a-f\d]{4}){3}-[a-f\d]{12}\b/gi],
  // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
  ["atlassian-token", /\bATATT3x[\w=-]{50,400}/g],
  // https://supabase.com/docs/reference/api/introduction
  ["supabase-token", /\bsb(?:p|_secret)_[A-Za-z\d_-]{30,60}\b/g],
  // https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/rbac-mgmt
  ["mailgun-key", /(?<![\w-])key-[a-f\d]{32}\b/g],
  // A key's own text, as far as it is on this line; `-----BEGIN` alone where it goes on below.
  [
    "private-key",
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:\\n|[\s\w+/=:,-]){0,8000}-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ],
];

/** `figd_…`, `gsk_…`, `xai-…`: most issuers begin with a few letters of their own, and the rest is random. */
const prefixed =
  /(?<![\w./@:+-])([A-Za-z][A-Za-z\d]{1,9})[_-](?:[A-Za-z\d]{1,12}[_-])?([A-Za-z\d]{24,200})(?![\w/@+-])/g;

/** Hashes, and keys that are made to be public (`pk_live_…`). */
const noIssuer = /^(?:sha\d*|md5|h1|pk|pub|public|rev|commit|build|cache|bundle|chunk|asset)$/i;

/** Random letters of both cases with digits all over; words with a number, hashes and identifiers are not. */
function isRandom(text: string): boolean {
  const digits = text.match(/\d+/g)?.length ?? 0;
  return digits >= 3 && /[A-Z]/.test(text) && /[a-z]/.test(text) && entropyOf(text) > 3.8;
}

function prefixedTokensIn(text: string): readonly Token[] {
  return [...text.matchAll(prefixed)].flatMap(([value, issuer = "", random = ""]) =>
    noIssuer.test(issuer) || !isRandom(random) ? [] : [{ issuer: `${issuer.toLowerCase()}-…`, value }],
  );
}

interface Compiled {
  readonly id: string;
  readonly keywords: readonly string[];
  readonly pattern: RegExp;
  readonly entropy: number;
}

let compiled: readonly Compiled[] | undefined;

/** The tokens of known issuers in a text, by their shape alone. Most texts have no run of characters that is long enough. */
export function tokensIn(text: string): readonly Token[] {
  if (!/[\w.~+/=-]{16}|-----BEGIN/.test(text)) return [];
  const lower = text.toLowerCase();
  const found = new Map<string, Token>();
  for (const [issuer, pattern] of further) {
    for (const [value] of text.matchAll(pattern)) found.set(value, { issuer, value });
  }
  compiled ??= issuerShapes.map(([id, keywords, pattern, flags, entropy]) => ({
    id,
    keywords,
    pattern: new RegExp(pattern, `g${flags}`),
    entropy,
  }));
  for (const { id, keywords, pattern, entropy } of compiled) {
    if (!keywords.some((word) => lower.includes(word))) continue;
    for (const match of text.matchAll(pattern)) {
      const value = match[1] ?? match[0];
      if (entropyOf(value) > entropy && ![...found.keys()].some((known) => known.includes(value)))
        found.set(value, { issuer: id, value });
    }
  }
  for (const token of prefixedTokensIn(text)) {
    if (![...found.keys()].some((known) => known.includes(token.value) || token.value.includes(known)))
      found.set(token.value, token);
  }
  return [...found.values()];
}

/** Shannon's, in bits for each character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const each of text) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
}
