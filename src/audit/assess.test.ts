import { expect, test } from "vitest";
import { composeReading } from "../../test/support/subjects.ts";
import { textAt } from "../../test/support/text-at.ts";
import { bareContext } from "../controls/control.ts";
import { findControl } from "../controls/registry.ts";
import { isFileOrigin } from "../model/origin.ts";
import { assess, placesOf, plainWeighing } from "./assess.ts";

const text = `services:
  vpn:
    image: alpine
    cap_add: [NET_ADMIN, SYS_ADMIN]
`;

test("the first place is that of the worst problem, which the message names", () => {
  const control = findControl("capabilities-dangerous");
  const [subject] = composeReading(text).subjects;
  if (!control || !subject) throw new Error("nothing to judge");
  const assessment = assess(control, subject, bareContext("compose"), plainWeighing);
  const places = assessment ? placesOf(assessment).filter(isFileOrigin) : [];
  expect(places.map((place) => textAt(text, place))).toEqual(["SYS_ADMIN", "NET_ADMIN"]);
});
