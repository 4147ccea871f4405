import fc from "fast-check";
import { expect, it } from "vitest";
import { Refused } from "./api.ts";
import { type Held, held } from "./live.ts";

const key = fc.constantFrom("host a", "host b", "host c");
const outcome = fc.oneof(
  key.map((of) => ({ of, isError: false })),
  key.map((of) => ({ of, isError: true })),
);

it("holds a value under the key that it was read for and no other, whatever failed between", () => {
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 1, maxLength: 12 }), (outcomes) => {
      let state: Held<string> = { key: "host a" };
      for (const { of, isError } of outcomes) {
        state = held(state, of, isError ? { error: new Refused(500, "no") } : { value: `data of ${of}` });
        expect(state.key).toBe(of);
        if (state.value !== undefined) expect(state.value).toBe(`data of ${of}`);
        expect(state.error !== undefined).toBe(isError);
      }
    }),
  );
});

it("keeps what was read for a key while the same question fails", () => {
  const read = held<string>({ key: "a" }, "a", { value: "x" });
  expect(held(read, "a", { error: new Refused(0, "gone") })).toMatchObject({ value: "x" });
});
