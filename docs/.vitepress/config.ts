// The documentation as a site: `npm run site` builds it into docs/.vitepress/dist. The build fails for a dead link.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const docs = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** The order of the guides; what is not named here follows, by name. */
const order = [
  "first-hour",
  "audit",
  "fix",
  "learn",
  "why",
  "guard",
  "watch",
  "serve",
  "prove",
  "reach",
  "cis",
  "ci",
];

export default defineConfig({
  title: "bulkhead",
  description: "Hardens Docker: audits, fixes, guards, watches and proves.",
  lang: "en",
  cleanUrls: true,
  rewrites: { "controls/README.md": "controls/index.md" },
  markdown: {
    config(md) {
      // A link to a file of the repository outside docs is text here: the site does not know where the repository is published.
      // Where there is no such file it stays a link, which the build then finds dead.
      md.core.ruler.push("links-out-of-the-site", ({ tokens, env }) => {
        for (const { children } of tokens) {
          const open: boolean[] = [];
          for (const token of children ?? []) {
            if (token.type === "link_open") {
              const isOut = leavesSite(token.attrGet("href") ?? "", env.path);
              open.push(isOut);
              if (isOut) replace(token, "<code>");
            } else if (token.type === "link_close" && open.pop()) replace(token, "</code>");
          }
        }
      });
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Quick start", link: "/" },
      { text: "Controls", link: "/controls/" },
      { text: "Comparison", link: "/comparison" },
      { text: "Keys", link: "/keys" },
    ],
    sidebar: [
      { text: "Quick start", link: "/" },
      { text: "Guides", items: guides("") },
      { text: "Guard presets", collapsed: true, items: guides("guard") },
      { text: "Comparison", link: "/comparison" },
      { text: "Keys", link: "/keys" },
      { text: "Controls", link: "/controls/", collapsed: true, items: guides("controls") },
    ],
  },
});

function replace(token: { type: string; content: string }, html: string): void {
  token.type = "html_inline";
  token.content = html;
}

function leavesSite(href: string, page: string): boolean {
  if (/^[a-z]+:|^#|^\//.test(href)) return false;
  const file = resolve(dirname(page), href.replace(/#.*/, ""));
  return relative(docs, file).startsWith("..") && existsSync(file);
}

/** The pages of a folder with their headings. */
function guides(folder: string): { text: string; link: string }[] {
  const names = readdirSync(join(docs, folder))
    .filter((name) => name.endsWith(".md") && !["index.md", "README.md", "comparison.md"].includes(name))
    .map((name) => name.slice(0, -".md".length));
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return names
    .toSorted((a, b) => place(a) - place(b) || a.localeCompare(b, "en"))
    .map((name) => ({ text: heading(join(docs, folder, `${name}.md`)), link: `/${join(folder, name)}` }));
}

function heading(file: string): string {
  const [, text] = /^# (.+)$/m.exec(readFileSync(file, "utf8")) ?? [];
  if (text === undefined) throw new Error(`${file} has no heading`);
  return text.replaceAll("`", "");
}
