import { expect, it } from "vitest";
import { readDeclared } from "./declared.ts";

const report = {
  schemaVersion: 1,
  subjects: [
    {
      id: "/srv/compose.yaml#web",
      name: "web",
      source: "compose",
      verdicts: { privileged: "fail", "host-pid": "pass" },
    },
    { id: "Dockerfile", name: "Dockerfile", source: "dockerfile", verdicts: { privileged: "pass" } },
  ],
  findings: [
    {
      control: "privileged",
      subject: "/srv/compose.yaml#web",
      message: "is privileged",
      locations: [{ file: "/srv/compose.yaml", startLine: 4, startColumn: 5, endLine: 4, endColumn: 21 }],
    },
  ],
};

it("the services of a report, each with what every control says of it", () => {
  const services = readDeclared(JSON.stringify(report));
  expect([...(services?.keys() ?? [])]).toEqual(["web"]);
  const web = services?.get("web");
  expect(web?.get("privileged")).toEqual({
    verdict: "fail",
    message: "is privileged",
    location: { file: "/srv/compose.yaml", startLine: 4, startColumn: 5, endLine: 4, endColumn: 21 },
  });
  expect(web?.get("host-pid")).toEqual({ verdict: "pass", message: undefined, location: undefined });
});

it.each(["", "[]", "no json", `{ "schemaVersion": 2 }`])("%j is no report", (text) => {
  expect(readDeclared(text)).toBeUndefined();
});
