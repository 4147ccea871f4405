import { expect, test } from "vitest";
import { composeTextOf } from "./compose-text.ts";

const bare = { Image: "app:1", HostConfig: { NetworkMode: "default" } };

test("what may be taken for a variable or another type stays text, and secrets stay out", () => {
  const { text, notes } = composeTextOf(
    {
      body: {
        ...bare,
        Env: ["TOKEN=hunter2"],
        Cmd: ["sh", "-c", "echo $HOME", "yes", "0644", "22:22"],
        Labels: { "com.docker.compose.project": "shop", own: "true" },
      },
      networks: [["back", { Aliases: ["web"] }]],
    },
    "web",
  );
  expect(text).toBe(
    [
      "services:",
      "  web:",
      "    container_name: web",
      '    image: "app:1"',
      "    command:",
      "      - sh",
      '      - "-c"',
      '      - "echo $$HOME"',
      '      - "yes"',
      '      - "0644"',
      '      - "22:22"',
      "    environment:",
      "      - TOKEN",
      "    labels:",
      '      own: "true"',
      "    networks:",
      "      back:",
      "        aliases:",
      "          - web",
      "networks:",
      "  back:",
      "    external: true",
      "    name: back",
      "",
    ].join("\n"),
  );
  expect(notes).toEqual([expect.stringContaining("The values of TOKEN are not shown")]);
});
