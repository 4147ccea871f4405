import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { severities } from "../../../model/severity.ts";
import { type Cause, type Change, changeKinds } from "../../change.ts";
import type { Delivery } from "../destination.ts";
import { discord } from "./discord.ts";
import { ntfy } from "./ntfy.ts";
import { slack } from "./slack.ts";

const to = {
  target: "https://me:pw@ntfy.example.org:8443/alerts?x=y",
  secret: null,
  token: null,
  facility: null,
};
const slackBody = (delivery: Delivery) => slack.changes(delivery, to).body;
const discordBody = (delivery: Delivery) => discord.changes(delivery, to).body;
const ntfyBody = (delivery: Delivery) => ntfy.changes(delivery, to).body;

function deliveryOf(changes: readonly Change[], more: Partial<Delivery> = {}): Delivery {
  return {
    host: "host1",
    sender: "host1",
    version: "1.2.3",
    lost: 0,
    changes: changes.map((change, index) => ({ id: String(index), change })),
    ...more,
  };
}

const socket = findingOf("docker-socket-mount", {
  severity: "critical",
  subject: "container:web_1",
  message: "mounts /var/run/docker.sock: a process in it can start a *privileged* container & own the <host>",
  level: "configured",
});
const byCreate: Cause = {
  kind: "event",
  type: "container",
  action: "create",
  actor: { id: "abc", name: "web_1" },
  process: null,
  time: "2027-01-31T12:00:00.000Z",
};
const one = deliveryOf([changeOf("opened", socket, 0, byCreate)]);
const three = deliveryOf([
  changeOf("opened", findingOf("privileged", { severity: "medium" })),
  changeOf("changed", findingOf("memory-limit", { severity: "high" })),
  changeOf("resolved", socket),
]);
const over = deliveryOf([changeOf("resolved", socket), changeOf("resolved", findingOf("privileged"))]);

// biome-ignore lint/suspicious/noExplicitAny: what a receiver parses has no type.
const parse = (text: string): any => JSON.parse(text);

describe("Slack", () => {
  it("shows what containers named as plain text, and a change in words that stand alone", () => {
    const { text, blocks, mrkdwn } = parse(slackBody(one));
    expect(mrkdwn).toBe(false);
    expect(blocks.map(({ type }: { type: string }) => type)).toEqual(["header", "section", "context"]);
    expect(blocks[0].text).toEqual({
      type: "plain_text",
      text: "host1: critical docker-socket-mount opened on container:web_1",
      emoji: false,
    });
    expect(blocks[1].text.text).toBe(
      "Mounts /var/run/docker.sock: a process in it can start a *privileged* container & own the <host>.",
    );
    expect(blocks[2].elements[0].text).toBe("critical, configured; create of web_1");
    // For notifications, and for servers that read Slack's format and know no blocks.
    expect(text).toBe(
      "host1: critical docker-socket-mount opened on container:web_1\nMounts /var/run/docker.sock: a process in it can start a *privileged* container &amp; own the &lt;host&gt;. [critical, configured; create of web_1]",
    );
  });

  it("puts what came together into one message, under how many and how bad", () => {
    const { text, blocks } = parse(slackBody(three));
    expect(blocks[0].text.text).toBe("host1: 3 changes, the worst high");
    expect(blocks.filter(({ type }: { type: string }) => type === "section")).toHaveLength(3);
    expect(text.split("\n")).toHaveLength(4);
    expect(parse(slackBody(over)).blocks[0].text.text).toBe("host1: 2 changes, all resolved");
    expect(parse(slackBody({ ...over, lost: 1 })).blocks[0].text.text).toBe(
      "host1: 2 changes, all resolved (1 earlier change lost, the queue was full)",
    );
  });
});

describe("Discord", () => {
  it("has an embed a change, coloured by severity, and mentions nobody", () => {
    const body = parse(discordBody(three));
    expect(body.content).toBe("host1: 3 changes, the worst high");
    expect(body.allowed_mentions).toEqual({ parse: [] });
    const [medium, high, resolved] = body.embeds;
    expect(new Set([medium.color, high.color, resolved.color]).size).toBe(3);
    expect(parse(discordBody(over)).embeds[0].color).toBe(resolved.color);
    expect(high.timestamp).toBe("2027-01-31T12:00:00.000Z");
  });

  it("escapes markdown in what containers named", () => {
    const [embed] = parse(discordBody(one)).embeds;
    expect(embed.title).toBe("opened: docker\\-socket\\-mount on container:web\\_1");
    expect(embed.description).toContain("a \\*privileged\\* container & own the \\<host\\>");
  });
});

describe("ntfy", () => {
  it("says how loud it is by the worst that is open", () => {
    expect(parse(ntfyBody(one))).toEqual({
      topic: "alerts",
      title: "host1: critical docker-socket-mount opened on container:web_1",
      message:
        "Mounts /var/run/docker.sock: a process in it can start a *privileged* container & own the <host>.\ncritical, configured; create of web_1",
      priority: 5,
      tags: ["warning"],
    });
    expect(parse(ntfyBody(three)).priority).toBe(4);
    expect(parse(ntfyBody(over))).toMatchObject({ priority: 2, tags: ["white_check_mark"] });
  });

  it("takes the topic out of the address, and keeps who may publish", () => {
    expect(parse(ntfyBody(one)).topic).toBe("alerts");
    expect(ntfy.changes(one, to).url.href).toBe("https://me:pw@ntfy.example.org:8443/");
    for (const path of ["", "/", "/a/b", "/a%20b", `/${"x".repeat(65)}`])
      expect(ntfy.whyNot(`https://ntfy.example.org${path}`)).toMatch(/^names no topic/);
  });
});

/** Names and texts as an attacker may choose them. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5_000 }),
  fc
    .array(
      fc.constantFrom(
        "@everyone",
        "<!channel>",
        "<@1>",
        "](https://x)",
        "[a",
        "`",
        "**",
        "\\",
        "😀",
        "\n# ",
        "&",
        "~",
      ),
      { maxLength: 400 },
    )
    .map((parts) => parts.join("")),
);
const changeWith = fc
  .record({
    kind: fc.constantFrom(...changeKinds),
    severity: fc.constantFrom(...severities),
    verdict: fc.constantFrom("fail" as const, "unknown" as const),
    subject: nasty,
    message: nasty,
    process: nasty,
  })
  .map(({ kind, process, ...finding }) =>
    changeOf(kind, findingOf("privileged", finding), 0, { ...byCreate, action: "exec_start", process }),
  );

/** All texts of a body, wherever they stand. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe("law: whatever containers are called, a chat takes the message, and finds neither mention, link nor markup in it", () => {
  function holds(batch: number, check: (delivery: Delivery) => unknown): void {
    fc.assert(
      fc.property(
        fc.array(changeWith, { minLength: 1, maxLength: batch }),
        nasty,
        fc.nat(),
        (changes, host, lost) => {
          const body = check(deliveryOf(changes, { host, lost }));
          for (const text of textsIn(body)) {
            expect(text.isWellFormed()).toBe(true);
            expect(text).not.toMatch(/@(?:everyone|1)|:\/\/|\]\(/);
          }
        },
      ),
      { numRuns: 100 },
    );
  }

  it("Slack", () => {
    holds(slack.batch, (delivery) => {
      const body = parse(slackBody(delivery));
      expect(body.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|a|l|g|…|$)/);
      expect(body.text.length).toBeLessThanOrEqual(4_000);
      expect(body.blocks.length).toBeLessThanOrEqual(50);
      for (const { type, text, elements } of body.blocks) {
        const { type: kind, text: shown } = text ?? elements[0];
        expect(kind).toBe("plain_text");
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.length).toBeLessThanOrEqual(
          type === "header" ? 150 : type === "section" ? 3_000 : 2_000,
        );
      }
      return body;
    });
  });

  it("Discord", () => {
    holds(discord.batch, (delivery) => {
      const body = parse(discordBody(delivery));
      expect(body.allowed_mentions).toEqual({ parse: [] });
      expect(body.content.length).toBeLessThanOrEqual(2_000);
      expect(body.embeds.length).toBeLessThanOrEqual(10);
      let all = 0;
      for (const { title, description, footer } of body.embeds) {
        expect(title.length).toBeLessThanOrEqual(256);
        expect(description.length).toBeLessThanOrEqual(4_096);
        expect(footer.text.length).toBeLessThanOrEqual(2_048);
        all += title.length + description.length + footer.text.length;
        // What is escaped is taken away: nothing of markup is left but what a cut left at the end.
        expect(`${title}\n${description}`.replace(/\\[^\dA-Za-z\s]/g, "")).not.toMatch(/[*_~`|<>#[\]]/);
      }
      expect(all).toBeLessThanOrEqual(6_000);
      return body;
    });
  });

  it("ntfy", () => {
    holds(ntfy.batch, (delivery) => {
      const body = parse(ntfyBody(delivery));
      expect(body.title.length).toBeLessThanOrEqual(250);
      expect(Buffer.byteLength(body.message)).toBeLessThanOrEqual(4_096);
      expect(body.priority).toBeGreaterThanOrEqual(1);
      expect(body.priority).toBeLessThanOrEqual(5);
      return body;
    });
  });
});
