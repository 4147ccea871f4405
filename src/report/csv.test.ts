import { expect, test } from "vitest";
import { at, finding, reportOf, testContext } from "../../test/support/report.ts";
import { csv } from "./csv.ts";

const subjects = [{ id: "c.yaml#web", name: "web" }];

test("a row for each finding, with what has commas and quotes in quotes", () => {
  const report = reportOf(subjects, [
    finding({
      control: "privileged",
      subject: "c.yaml#web",
      message: 'runs "privileged", always',
      locations: [at("c.yaml", 4, 5, 6)],
    }),
  ]);
  expect(csv(report, testContext()).split("\r\n")).toEqual([
    "severity,verdict,control,subject,file,line,place,message,fix,suppressed,baseline,fingerprint",
    'critical,fail,privileged,c.yaml#web,c.yaml,4,c.yaml:4:5,"Runs ""privileged"", always.",,,,0123456789abcdef',
    "",
  ]);
});

test.each(["=cmd()", "+1", "-1", "@SUM(A1)"])("%s is no formula", (name) => {
  const report = reportOf(subjects, [finding({ control: "privileged", subject: name })]);
  expect(csv(report, testContext())).toContain(`,'${name},`);
});
