import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { cloudevents } from "./cloudevents.ts";

const to = { target: "https://broker.example/in", secret: null, token: null, facility: null };

it("posts a batch of CloudEvents, with the attributes that the specification requires", () => {
  const changes = [
    changeOf("opened", findingOf("privileged")),
    changeOf("resolved", findingOf("pids-limit")),
  ];
  const delivery = {
    ...{ host: "web 1", sender: "web1", version: "1.2.3", lost: 2 },
    changes: changes.map((change, index) => ({ id: `id${index}`, change })),
  };
  const message = cloudevents.changes(delivery, to);
  expect(message).toMatchObject({ contentType: "application/cloudevents-batch+json; charset=UTF-8" });
  const events = JSON.parse(message.body) as Record<string, unknown>[];
  expect(events).toMatchObject([
    {
      ...{
        specversion: "1.0",
        id: "id0",
        source: "/bulkhead/hosts/web%201",
        type: "bulkhead.finding.opened",
      },
      ...{ subject: "container:web/privileged", time: "2027-01-31T12:00:00.000Z", lost: 2 },
      ...{ datacontenttype: "application/json", data: { host: "web 1", finding: { control: "privileged" } } },
    },
    { id: "id1", type: "bulkhead.finding.resolved" },
  ]);
  // Names of attributes are lower-case letters and digits, and each has a value (CloudEvents 1.0.2, 3.1).
  for (const event of events)
    for (const [name, value] of Object.entries(event)) {
      expect(name).toMatch(/^[a-z0-9]{1,20}$/);
      expect(value).not.toBeNull();
    }
});
