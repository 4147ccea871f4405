import { expect, it, vi } from "vitest";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";

it("a page that is left open for a week is asked to come again, and then hears what is new", async () => {
  const test = await testApp();
  const headers = await signedIn(test, "viewer");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: Date.now() });
  try {
    // Ten minutes a stream: an end of the session is noticed, and no connection stays for ever.
    for (let each = 0; each < 3; each += 1) {
      const stream = await test.call("GET", "/api/v1/events", { headers });
      expect(stream.status).toBe(200);
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      const ended = (async () => {
        for (;;) {
          const part = await reader?.read();
          if (!part || part.done) return;
          text += part.value;
        }
      })();
      await vi.waitFor(() => expect(text).toContain("connected"));
      test.news.tell("findings");
      await vi.waitFor(() => expect(text).toContain("event: findings"));
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      for (let minute = 0; minute < 11 && !isOver; minute += 1) {
        for (let part = 0; part < 6; part += 1) await vi.advanceTimersByTimeAsync(10_000);
      }
      await ended;
      expect(text).toContain("still here");
    }
  } finally {
    vi.useRealTimers();
  }
});
