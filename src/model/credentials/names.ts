/** Parts of a name that stand for a credential, wherever they stand (`MYSQL_ROOT_PASSWORD`, `dbPassword`, `PGPASSWORD`). */
const secretWords =
  /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|APP_?KEY|PRIVATE_?KEY|ACCESS_?KEY|AUTH_?KEY|(?:SIGNING|ENCRYPTION|MASTER|DEPLOY|LICENSE|SSH|SETUP|ACCOUNT|SHARED|INGESTION)_?KEY|CREDENTIAL|REQUIREPASS|(?:^|_)PASS_|(?<!BY|COM|TRES|SUR|(?:^|_)FIRST_)PASS$|_PWD$|_PW$|_PSK$|ERLANG_COOKIE$|^MASTERAUTH$/;

/** The name speaks about a credential and does not hold one: where it is, how long it lasts, whether it is needed. */
const aboutSecrets =
  /(?:_|^)(?:ALLOW|RANDOM|DISABLED?|ENABLED?|USE|REQUIRE|SKIP|NO|MAX|MIN|PUBLIC|PUBLISHABLE|ASK|PROMPT|EMPTY|FORGOT|RESET|WITH)_|_(?:FILE|FILES|FILENAME|PATH|DIR|LOCATION|MOUNT|TTL|AGE|EXPIRY|EXPIRES|EXPIRATION|EXPIRE|LIFETIME|DURATION|TIMEOUT|INTERVAL|LENGTH|LEN|SIZE|COUNT|LIMIT|BUDGET|NAME|TYPE|ALGORITHM|ALG|HEADER|PREFIX|ENABLED|DISABLED|REQUIRED|POLICY|URL|URI|ENDPOINT|HOST|PORT|ISSUER|AUDIENCE|SCOPE|REALM|ARN|REF|VERSION|FORMAT|ENCODING|MODE|PROVIDER|STORE|BACKEND|MANAGER|DRIVER|ROTATION|IN|SECONDS|MINUTES|HOURS|DAYS|MS|STDIN|FD|COMMAND|CMD|ENV|HASHING|STRENGTH|ROUNDS|VALIDITY|FIELD|COLUMN|CLASS|GRANT|ID|HASHER)$|TOKENS(?:_|$)|TOKENI[SZ]/;

/** Whether what has this name is a credential: a variable, an option, a key, a header. */
export function isCredentialName(name: string): boolean {
  const spelled = spelledOf(name);
  return (
    (secretWords.test(spelled) || isAuthName(name)) && !aboutSecrets.test(spelled) && spelled !== "SECRETS"
  );
}

/** `NEO4J_AUTH=neo4j/…`: a credential only where the value is a pair. */
export function isAuthName(name: string): boolean {
  return /_AUTH$/i.test(name);
}

/**
 * `dbPassword` and `db-password` are `DB_PASSWORD`. Of a name with dots, such as a label's, the last part says what it is
 * (`routers.token.rule` is no token); `api.key` is `API_KEY`.
 */
export function spelledOf(name: string): string {
  const parts = name.slice(-200).split(".");
  const own = /^key$/i.test(parts.at(-1) ?? "") ? parts.slice(-2).join("_") : (parts.at(-1) ?? "");
  return own
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/[-:/]/g, "_")
    .toUpperCase();
}

/** Filled in by something else: `$X`, `${X}:${Y}`, `$(cmd)`, `{{ x }}`, `<password>`, `****`. */
export function isReference(text: string): boolean {
  return (
    // `\${X}` in a shell's double quotes is `${X}` in the file that it writes.
    references.test(text.replace(/^\\\$/, "$")) ||
    /^(?:\{\{|<[^<>]*>$|[*.•]+$|\$\(|`|%[({]|%[sdv]\b|\$\{\{|@@|\\\d)/.test(text) ||
    /^[[(<{%]{1,3}[A-Za-z _.-]+[\])>}%]{1,3}$/.test(text)
  );
}

const references =
  /^(?:\$(?:[\w@#?*!]|\w+|\{[^{}]*\}|\{\{[^{}]*\}\}|\([^()]*\)|\([^()]*\([^()]*\)[^()]*\))[\s/:@.,;_-]*)+$/;

const switches =
  /^(?:true|false|yes|no|on|off|enabled?|disabled?|none|null|nil|undefined|default|auto|required|optional|0|1)$/i;

/** Whether a value of this name is a credential written out, and not a switch, a path, an address or a number of seconds. */
export function isLiteral(name: string, text: string): boolean {
  if (text === "" || switches.test(text) || isPath(text)) return false;
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return false;
  // `secretmanager:…`, `arn:aws:…` and `op://…` name where it is kept.
  if (/^(?:arn|vault|op|ssm|secretmanager|secret|file|env):\S/i.test(text)) return false;
  if (isAuthName(name) && !/PASS|SECRET|TOKEN|KEY/i.test(name)) return /^[^\s:/]+[:/]\S+$/.test(text);
  // A password may be a number, a token is not: that is how long it lives, or how many.
  return !/^\d{1,9}(?:\.\d+)?(?:ms|s|m|h|d)?$/.test(text) || /PASS|PWD|PW$|SECRET/i.test(name);
}

function isPath(text: string): boolean {
  return /^(?:\/|\.{1,2}\/|~\/|[A-Za-z]:\\|\$\{?\w+\}?\/)[\w@. \\/{}$-]*$/.test(text);
}
