import { expect, it } from "vitest";
import { roleByClaims } from "./provider.ts";

const roles = new Map([
  ["admins", "administrator"],
  ["ops", "operator"],
] as const);

it.each([
  [{ groups: ["ops", "admins"] }, "groups", "administrator"],
  [{ groups: "ops" }, "groups", "operator"],
  [{ groups: ["guests", 7, null] }, "groups", undefined],
  [{}, "groups", undefined],
  [{ realm_access: { roles: ["ops"] } }, "realm_access.roles", "operator"],
  [{ "https://example.org/roles": ["ops"] }, "https://example.org/roles", "operator"],
  [{ groups: ["ops"] }, "constructor.name", undefined],
])("%j gives by %s the role %s", (claims, claim, role) => {
  expect(roleByClaims(claims, claim, roles)).toBe(role);
});

it("* is for everybody, and no value of a claim", () => {
  const all = new Map([...roles, ["*", "viewer"] as const]);
  expect(roleByClaims({}, "groups", all)).toBe("viewer");
  expect(roleByClaims({ groups: ["ops"] }, "groups", all)).toBe("operator");
  expect(roleByClaims({ groups: ["*"] }, "groups", new Map([["ops", "operator"]]))).toBeUndefined();
});
