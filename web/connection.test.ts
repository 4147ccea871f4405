import { afterEach, expect, it, vi } from "vitest";
import { connectionAfter, whyNotReady } from "./connection.ts";

afterEach(() => vi.unstubAllGlobals());

it("says since when the data are, through every reason until the server can serve", () => {
  const gone = connectionAfter(undefined, "bulkhead does not answer", 5);
  expect(gone).toEqual({ why: "bulkhead does not answer", since: 5 });
  const starting = connectionAfter(gone, "the database cannot be reached", 9);
  expect(starting).toEqual({ why: "the database cannot be reached", since: 5 });
  expect(connectionAfter(starting, undefined, 9)).toBeUndefined();
});

it("takes the server's reason, and no page of a proxy for one", async () => {
  const answers = (status: number, text: string) =>
    vi.stubGlobal("fetch", async () => new Response(text, { status }));
  answers(200, "ok\n");
  expect(await whyNotReady()).toBeUndefined();
  answers(503, "The database cannot be used: it is starting up\n");
  expect(await whyNotReady()).toBe("The database cannot be used: it is starting up");
  answers(502, "<html>Bad Gateway</html>");
  expect(await whyNotReady()).toBe("bulkhead answered 502");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
  expect(await whyNotReady()).toBe("bulkhead does not answer");
});
