/** What looks like a credential: by the variable's name, or by the value's own shape. */
export type CredentialKind = "name" | "value";

/** Longer values are not searched to their end: a credential stands near the beginning. */
const longest = 64 * 1024;

/** Parts of a name that stand for a credential, wherever they stand (`MYSQL_ROOT_PASSWORD`, `dbPassword`, `PGPASSWORD`). */
const secretWords =
  /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|(?:SIGNING|ENCRYPTION|MASTER|DEPLOY|LICENSE|AUTH|SSH)_?KEY|CREDENTIAL|(?:^|_)PASS_|(?<!BY|COM|TRES|SUR)PASS$|_PWD$|_PW$/;

/** The name speaks about a credential and does not hold one: where it is, how long it lasts, whether it is needed. */
const aboutSecrets =
  /(?:_|^)(?:ALLOW|RANDOM|DISABLE|ENABLE|USE|REQUIRE|SKIP|NO|MAX|MIN|PUBLIC)_|_(?:FILE|FILES|PATH|DIR|LOCATION|MOUNT|TTL|AGE|EXPIRY|EXPIRES|EXPIRATION|EXPIRE|LIFETIME|DURATION|TIMEOUT|INTERVAL|LENGTH|LEN|SIZE|COUNT|LIMIT|BUDGET|NAME|TYPE|ALGORITHM|ALG|HEADER|PREFIX|ENABLED|DISABLED|REQUIRED|POLICY|URL|URI|ENDPOINT|HOST|PORT|ISSUER|AUDIENCE|SCOPE|REALM|ARN|REF|VERSION|FORMAT|ENCODING|MODE|PROVIDER|STORE|BACKEND|MANAGER|DRIVER|ROTATION|IN|SECONDS|MINUTES|HOURS|DAYS|MS)$|TOKENS(?:_|$)|TOKENIZ/;

/** Shapes that a provider gave its credentials, so that scanners can find them. */
const shapes: readonly RegExp[] = [
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{50}/,
  /\bglpat-[A-Za-z0-9_-]{20}/,
  /\bxox[abeprs]-[A-Za-z0-9-]{10}/,
  /\b[sr]k_live_[A-Za-z0-9]{16}/,
  /\bsk-(?:ant|proj)-[A-Za-z0-9_-]{20}/,
  /\bAIza[A-Za-z0-9_-]{35}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bpypi-[A-Za-z0-9_-]{50}/,
  /\bdckr_pat_[A-Za-z0-9_-]{20}/,
  /\bhvs\.[A-Za-z0-9_-]{20}/,
  /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16}/,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/,
  /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8}/,
];

/** A password inside a longer value; the group is the password. */
const carriers: readonly RegExp[] = [
  // scheme://user:password@host
  /[a-z][a-z\d+.-]{0,30}:\/\/[^\s/:@?#]{0,200}:([^\s/@]{1,500})@/gi,
  // user:password@tcp(host), Go's MySQL driver
  /^[^\s:@/]{1,100}:([^\s@]{1,500})@(?:tcp|unix)\(/g,
  // Server=db;User Id=sa;Password=…
  /(?:^|;)\s{0,10}(?:Password|Pwd)\s{0,10}=\s{0,10}([^;\s]{1,500})/gi,
  // https://host/?token=…
  /[?&](?:password|passwd|token|secret|api_?key|access_?key)=([^&\s#]{1,500})/gi,
];

/**
 * Whether the variable holds a credential that is written out. A placeholder such as `changeme` is one: it is what
 * runs. A variable's name (`${DB_PASSWORD}`), a path, a switch or a number of seconds is none.
 */
export function credentialIn(name: string, value: string): CredentialKind | undefined {
  const text = value.slice(0, longest);
  if (isReference(text.trim())) return undefined;
  if (shapes.some((shape) => shape.test(text)) || carriesPassword(text)) return "value";
  return isCredentialName(name) && isLiteral(name, text.trim()) ? "name" : undefined;
}

/** Whether the variable is for a credential, by its name alone. */
export function isCredentialName(name: string): boolean {
  const spelled = name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/[-.]/g, "_")
    .toUpperCase();
  return (secretWords.test(spelled) || isAuthName(name)) && !aboutSecrets.test(spelled);
}

/** `NEO4J_AUTH=neo4j/…`: a credential only where the value is a pair. */
function isAuthName(name: string): boolean {
  return /_AUTH$/i.test(name);
}

function carriesPassword(text: string): boolean {
  // Each of them needs one of these, and most values have neither.
  if (!text.includes("@") && !text.includes("=")) return false;
  return carriers.some((carrier) =>
    [...text.matchAll(carrier)].some(([, password]) => password !== undefined && !isReference(password)),
  );
}

/** Filled in by something else: `$X`, `${X}:${Y}`, `$(cmd)`, `{{ x }}`, `<password>`, `****`. */
function isReference(text: string): boolean {
  return references.test(text) || /^(?:\{\{|<[^<>]*>$|[*.•]+$)/.test(text);
}

const references = /^(?:\$(?:\w+|\{[^{}]*\}|\([^()]*\))[\s/:@.,;_-]*)+$/;

const switches =
  /^(?:true|false|yes|no|on|off|enabled?|disabled?|none|null|nil|undefined|default|auto|0|1)$/i;

function isLiteral(name: string, text: string): boolean {
  if (text === "" || switches.test(text) || isPath(text)) return false;
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return false;
  if (isAuthName(name) && !/PASS|SECRET|TOKEN|KEY/i.test(name)) return /^[^\s:/]+[:/]\S+$/.test(text);
  // A password may be a number, a token is not: that is how long it lives, or how many.
  return !/^\d{1,9}(?:\.\d+)?(?:ms|s|m|h|d)?$/.test(text) || /PASS|PWD|PW$|SECRET/i.test(name);
}

function isPath(text: string): boolean {
  return /^(?:\/|\.{1,2}\/|~\/|[A-Za-z]:\\)[\w@. \\/-]*$/.test(text);
}
