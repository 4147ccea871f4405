import { expect, it } from "vitest";
import { labelsOf } from "./labels.ts";

it("labels are read as they are written, and refused in one line", () => {
  expect(labelsOf(["env=prod", "region=eu-1", "team/owner=Shop"])).toEqual({
    ok: true,
    value: { env: "prod", region: "eu-1", "team/owner": "Shop" },
  });
  const reason = (...texts: readonly string[]) => {
    const labels = labelsOf(texts);
    return labels.ok ? "" : labels.reason;
  };
  for (const wrong of ["env", "=prod", "env=", "Env=prod", "env=a b", "__proto__=x", "env=<b>", "env=a=b"]) {
    expect(reason(wrong)).toMatch(/ is not a label such as env=prod/);
  }
  expect(reason("env=a", "env=b")).toBe("the label env is given twice");
  expect(reason(...Array.from({ length: 17 }, (_, index) => `l${index}=x`))).toBe(
    "a host has at most 16 labels",
  );
});
