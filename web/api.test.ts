import { afterEach, expect, it, vi } from "vitest";
import { get, Refused, send } from "./api.ts";

afterEach(() => vi.unstubAllGlobals());

/** Answers every request, and keeps what was asked. */
function answering(status: number, body: unknown) {
  const asked: [string, RequestInit | undefined][] = [];
  const events: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    asked.push([url, init]);
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  vi.stubGlobal("dispatchEvent", (event: Event) => events.push(event.type));
  return { asked, events };
}

it("fills the path, and leaves out of the query what is empty", async () => {
  const { asked } = answering(200, { total: 0, hosts: [] });
  await get("/hosts/:id/containers/:name", ["a/b", "web 1"]);
  await get("/hosts", [], { q: "", limit: "5", offset: undefined });
  expect(asked.map(([url]) => url)).toEqual([
    "/api/v1/hosts/a%2Fb/containers/web%201",
    "/api/v1/hosts?limit=5",
  ]);
});

it("sends a body as JSON, and nothing where there is none", async () => {
  const { asked } = answering(204, undefined);
  await send("PUT /accounts/:id/role", ["7"], { role: "viewer" });
  await send("DELETE /accounts/:id", ["7"]);
  expect(asked[0]?.[1]).toMatchObject({
    method: "PUT",
    body: '{"role":"viewer"}',
    headers: { "content-type": "application/json" },
  });
  expect(asked[1]?.[1]).toEqual({ method: "DELETE" });
});

it("says what the server says of a refusal", async () => {
  answering(409, { error: "vm has a job already" });
  await expect(send("DELETE /teams/:id", ["1"])).rejects.toMatchObject({
    status: 409,
    message: "vm has a job already",
  });
  answering(502, undefined);
  await expect(get("/overview", [])).rejects.toMatchObject({
    status: 502,
    message: "bulkhead answered 502.",
  });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
  await expect(get("/overview", [])).rejects.toBeInstanceOf(Refused);
});

it("tells the page that the session ended, but not while it asks who is signed in", async () => {
  const { events } = answering(401, { error: "Sign in first." });
  await expect(get("/session", [])).rejects.toThrow("Sign in first.");
  expect(events).toEqual([]);
  await expect(get("/overview", [])).rejects.toThrow();
  expect(events).toEqual(["bulkhead-signed-out"]);
});
