import { useState } from "preact/hooks";
import { encode } from "uqr";
import { type Made, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Trouble, useAct, When } from "./parts.tsx";

/** A code of an authenticator app after one's own password: turned on, and off. */
export function SecondStep() {
  const state = useAnswer("/account/second-step", []);
  const [offered, setOffered] = useState<Made<"POST /account/second-step">>();
  const [codes, setCodes] = useState<readonly string[]>([]);
  const [fields, setFields] = useState({ password: "", code: "" });
  const { trouble, isBusy, act } = useAct(state.again);
  const change = (secret: string | null) =>
    act(
      send("PUT /account/second-step", [], { ...fields, secret }).then(({ recoveryCodes }) => {
        setFields({ password: "", code: "" });
        setOffered(undefined);
        setCodes(recoveryCodes);
      }),
    );
  const form = (secret: string | null, button: string) => (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        change(secret);
      }}
    >
      <label>
        Your password
        <input
          type="password"
          required
          autocomplete="current-password"
          value={fields.password}
          onInput={({ currentTarget }) => setFields({ ...fields, password: currentTarget.value })}
        />
      </label>
      <label>
        {secret === null ? "Code of the app, or a recovery code" : "Code of the app"}
        <input
          required
          maxLength={32}
          autocomplete="one-time-code"
          value={fields.code}
          onInput={({ currentTarget }) => setFields({ ...fields, code: currentTarget.value })}
        />
      </label>
      <button type="submit" disabled={isBusy}>
        {button}
      </button>
    </form>
  );
  return (
    <section class="card">
      <h2>Your second step</h2>
      <When is={state}>
        {({ isOn, recoveryCodes }) => (
          <>
            {codes.length > 0 && (
              <div role="status">
                <p>
                  Keep these recovery codes where your phone is not. Each signs you in once, and they are not
                  shown again:
                </p>
                <pre>{codes.join("\n")}</pre>
              </div>
            )}
            {isOn ? (
              <>
                <p>
                  Your sign-in asks for a code of your authenticator app after the password.{" "}
                  {recoveryCodes === 1 ? "One recovery code is" : `${recoveryCodes} recovery codes are`} left.
                </p>
                {form(null, "Turn it off")}
              </>
            ) : offered === undefined ? (
              <p>
                Your password alone signs you in.{" "}
                <button
                  type="button"
                  disabled={isBusy}
                  onClick={() => act(send("POST /account/second-step", []).then(setOffered))}
                >
                  Set up an authenticator app
                </button>
              </p>
            ) : (
              <>
                <p>
                  Scan this with your authenticator app, or type the key into it. Then enter the code that it
                  shows.
                </p>
                <QrCode text={offered.address} />
                <p>
                  Key: <code>{offered.secret.replace(/.{4}(?=.)/g, "$& ")}</code>
                </p>
                {form(offered.secret, "Turn it on")}
              </>
            )}
          </>
        )}
      </When>
      <Trouble of={trouble} />
    </section>
  );
}

/** Dark on light in both themes: cameras do not read the reverse. */
function QrCode({ text }: { readonly text: string }) {
  const { size, data } = encode(text, { border: 4 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code with the key">
      <path d={`M0 0h${size}v${size}H0z`} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
