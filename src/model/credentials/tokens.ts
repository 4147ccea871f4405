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
  // A key's own text, as far as it is on this line; `-----BEGIN` alone where it goes on below.
  [
    "private-key",
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:\\n|[\s\w+/=:,-]){0,8000}-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ],
];

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
