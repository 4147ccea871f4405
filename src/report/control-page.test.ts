import { expect, test } from "vitest";
import { findControl } from "../controls/registry.ts";
import { controlPage } from "./control-page.ts";

test("a control that no file can show has no empty heading for examples", () => {
  const control = findControl("capacity");
  const page = control ? controlPage(control, []) : "";
  expect(page).toContain("## Where it is judged");
  expect(page).not.toMatch(/^## .*\n+## /m);
});
