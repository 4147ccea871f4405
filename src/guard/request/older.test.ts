import { expect, test } from "vitest";
import { readRequest } from "./read.ts";

const limits = { maxBytes: 10_000, maxDepth: 20, maxItems: 256 };

function read(target: string, body?: object, oldest?: number) {
  const bytes = Buffer.from(JSON.stringify(body ?? ""));
  return readRequest(
    {
      method: body ? "POST" : "GET",
      target,
      headers: body ? [["Content-Type", "application/json"]] : [],
      body: body ? { kind: "bytes", bytes } : { kind: "none" },
    },
    limits,
    oldest,
  );
}

test("an old version is refused, unless the policy opens it", () => {
  for (const version of ["v1.24", "v1.40"]) {
    expect(read(`/${version}/containers/json`)).toMatchObject({ ok: false, rule: "guard-version" });
    expect(read(`/${version}/containers/json`, undefined, 24)).toMatchObject({ ok: true });
  }
  expect(read("/v1.30/containers/json", undefined, 31)).toMatchObject({
    message: expect.stringContaining('versions: { min: "1.30" }'),
  });
  expect(read("/v1.23/containers/json", undefined, 24)).toMatchObject({ rule: "guard-version" });
});

test("before 1.40 a container shares its IPC namespace, unless it says otherwise", () => {
  const ipc = (version: string, HostConfig?: object) => {
    const made = read(`/${version}/containers/create`, { Image: "a", ...(HostConfig && { HostConfig }) }, 24);
    if (!made.ok) throw new Error(made.message);
    return (made.request.body as { readonly HostConfig?: { readonly IpcMode?: string } }).HostConfig?.IpcMode;
  };
  expect(ipc("v1.39")).toBe("shareable");
  expect(ipc("v1.24", { IpcMode: "" })).toBe("shareable");
  expect(ipc("v1.24", { IpcMode: "private" })).toBe("private");
  expect(ipc("v1.40")).toBeUndefined();
});

test("until 1.40 a list of images has a filter", () => {
  const filter = (version: string) => {
    const made = read(`/${version}/images/json?filter=app`, undefined, 24);
    return made.ok ? [made.request.query.get("filter")?.[0], made.request.dropped?.length] : made.message;
  };
  expect(filter("v1.40")).toEqual(["app", undefined]);
  expect(filter("v1.41")).toEqual([undefined, undefined]);
});
