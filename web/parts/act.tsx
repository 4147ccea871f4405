import { useState } from "preact/hooks";
import { Refused } from "../api.ts";

export interface Acting {
  /** Why the last try failed; "" where it did not. */
  readonly trouble: string;
  readonly isBusy: boolean;
  /** Runs what changes something, then `after`, whatever became of it. */
  act(done: Promise<unknown>): void;
}

/** Does something on the server and keeps what it said against it. */
export function useAct(after: () => void): Acting {
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  return {
    trouble,
    isBusy,
    act(done) {
      setBusy(true);
      done
        .then(
          () => setTrouble(""),
          (reason: unknown) => setTrouble(reason instanceof Refused ? reason.message : String(reason)),
        )
        .finally(() => {
          setBusy(false);
          after();
        });
    },
  };
}

export function Trouble({ of }: { readonly of: string }) {
  if (of === "") return null;
  return (
    <p class="trouble" role="alert">
      {of}
    </p>
  );
}
