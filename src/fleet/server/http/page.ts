import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Carried } from "./session.ts";

/** The page's files by their paths: few and small, so they are kept in memory. */
export type PageFiles = ReadonlyMap<
  string,
  { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }
>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads the page that the build made. */
export function readPage(folder: string): Result<PageFiles> {
  try {
    const files = readdirSync(folder).flatMap((name) => {
      const type = types[extname(name)];
      return type === undefined
        ? []
        : [[`/${name}`, { type, bytes: new Uint8Array(readFileSync(join(folder, name))) }] as const];
    });
    const pages = new Map(files);
    if (!pages.has("/index.html")) return failed("its page is missing: build it with npm run build");
    return ok(pages);
  } catch {
    return failed("its page is missing: build it with npm run build");
  }
}

/** Every path that is not a file's is the page: what it shows is in the fragment, which never reaches the server. */
export function servePage(app: OpenAPIHono<Carried>, files: PageFiles): void {
  app.get("/*", (context) => {
    const file = files.get(context.req.path === "/" ? "/index.html" : context.req.path);
    if (!file) return context.text("Page not found.\n", 404);
    return context.body(file.bytes, 200, {
      "content-type": file.type,
      // Names carry no version: the browser asks whether it is still the same.
      "cache-control": "no-cache",
    });
  });
}
