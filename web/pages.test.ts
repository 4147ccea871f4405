import fc from "fast-check";
import { expect, it } from "vitest";
import { ContainerPage } from "./pages/container.tsx";
import { HostPage } from "./pages/hosts.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { pageOf, pages } from "./pages.tsx";
import { href, routeOf } from "./route.ts";

it("law: an address leads back to the path and the query that it was made of", () => {
  const part = fc.string({ unit: "grapheme", minLength: 1 });
  const query = fc.dictionary(fc.constantFrom("q", "severity", "host"), part);
  fc.assert(
    fc.property(fc.array(part), query, (path, asked) => {
      const route = routeOf(href(path, asked));
      expect(route.path).toEqual(path);
      expect(Object.fromEntries(route.query)).toEqual(asked);
    }),
  );
});

it("leaves empty values out of an address, and a part that is badly encoded as it is", () => {
  expect(href(["findings"], { severity: "high", host: "", control: undefined })).toBe(
    "#/findings?severity=high",
  );
  expect(routeOf("#/hosts/%zz").path).toEqual(["hosts", "%zz"]);
});

it("leads from each name in the navigation to a page of its own", () => {
  const named = pages.filter(({ name }) => name !== undefined);
  const shown = named.map(({ path }) => pageOf(routeOf(href(path)))?.type);
  expect(shown).not.toContain(undefined);
  expect(new Set(shown).size).toBe(named.length);
});

it("fills a page with what its address names", () => {
  const page = pageOf(routeOf("#/hosts/h%2F1/web"));
  expect(page).toMatchObject({ type: ContainerPage, props: { host: "h/1", name: "web" } });
  const host = pageOf(routeOf("#/hosts/h?result=fail"));
  expect(host).toMatchObject({ type: HostPage, props: { id: "h" } });
  expect(host?.props.query.get("result")).toBe("fail");
  expect(pageOf(routeOf(""))?.type).toBe(OverviewPage);
});

it("has no page for an address that none has", () => {
  for (const hash of ["#/nothing", "#/hosts/a/b/c", "#/settings/more"])
    expect(pageOf(routeOf(hash))).toBeUndefined();
});
