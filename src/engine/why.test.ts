import { expect, test } from "vitest";
import { whyMissing } from "./why.ts";

test.each([
  ["/containers/web/json", "No such container: web", "there is no container web"],
  ["/containers/web/stats?stream=false", "", "there is no container web"],
  [
    "/images/reg.example%3A5000/team/app%3A1/json",
    "No such image",
    "there is no image reg.example:5000/team/app:1",
  ],
  ["/v1.45/containers/web/json", "", "there is no container web"],
  ["/v1.45/containers/json", "", "it does not know /containers/json"],
  ["/exec/abc/json", "", "there is no exec process abc"],
  ["/containers/json?all=1", "", "it does not know /containers/json"],
  ["/nosuch", "page not found", "page not found"],
])("what is not there, of %s", (path, said, reason) => {
  expect(whyMissing(path, said)).toBe(reason);
});
