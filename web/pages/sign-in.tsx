import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { refusalSentence } from "../../src/fleet/api.ts";
import { type Answer, Refused, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { replaceRoute } from "../route.ts";

interface Fields {
  readonly name: string;
  readonly password: string;
  /** What an authenticator app shows; undefined until it is asked for. */
  readonly code?: string;
}

/** The password is right, and the account has a second step. */
const codeNeeded = 428;

function Form({
  title,
  button,
  isNew,
  name,
  submit,
  children,
}: {
  readonly title: string;
  readonly button: string;
  readonly isNew: boolean;
  /** The account's name, where it cannot be chosen. */
  readonly name?: string | undefined;
  readonly submit: (fields: Fields) => Promise<void>;
  readonly children?: ComponentChildren;
}) {
  const [fields, setFields] = useState<Fields>({ name: name ?? "", password: "" });
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const isCodeAsked = fields.code !== undefined;
  useEffect(() => {
    if (isCodeAsked) codeField.current?.focus();
  }, [isCodeAsked]);
  const refused = (reason: unknown) => {
    if (reason instanceof Refused && reason.status === codeNeeded) {
      setError("");
      setFields({ ...fields, code: "" });
    } else setError(reason instanceof Refused ? reason.message : String(reason));
  };
  return (
    <main class="sign-in">
      <h1>bulkhead</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          submit(fields)
            .catch(refused)
            .finally(() => setBusy(false));
        }}
      >
        <h2>{title}</h2>
        {children}
        <label>
          Name
          <input
            ref={first}
            name="name"
            autocomplete="username"
            required
            maxLength={64}
            readOnly={name !== undefined}
            value={fields.name}
            onInput={({ currentTarget }) => setFields({ ...fields, name: currentTarget.value })}
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autocomplete={isNew ? "new-password" : "current-password"}
            required
            minLength={isNew ? 12 : 1}
            value={fields.password}
            onInput={({ currentTarget }) => setFields({ ...fields, password: currentTarget.value })}
          />
        </label>
        {fields.code !== undefined && (
          <label>
            Code of your authenticator app, or a recovery code
            <input
              ref={codeField}
              name="code"
              autocomplete="one-time-code"
              required
              maxLength={32}
              value={fields.code}
              onInput={({ currentTarget }) => setFields({ ...fields, code: currentTarget.value })}
            />
          </label>
        )}
        {isNew && <p class="dim">At least 12 characters.</p>}
        {error !== "" && (
          <p class="trouble" role="alert">
            {error}
          </p>
        )}
        <button type="submit" disabled={isBusy}>
          {button}
        </button>
      </form>
    </main>
  );
}

/** By a password, or by the provider. `refusal` is why the provider's sign-in failed. */
export function SignInPage({
  who,
  refusal,
  done,
}: {
  readonly who: Answer<"/session">;
  readonly refusal: string | undefined;
  readonly done: (who: Answer<"/session">) => void;
}) {
  const byProvider = who.provider !== null && (
    <p>
      <a class="button" href="/api/v1/sign-in/provider">
        Sign in with {who.provider}
      </a>
    </p>
  );
  const refused = refusal !== undefined && (
    <p class="trouble" role="alert">
      {refusalSentence(refusal)}
    </p>
  );
  if (!who.isSetUp) {
    return (
      <main class="sign-in">
        <h1>bulkhead</h1>
        {refused}
        {byProvider}
        <p>
          Nobody has an account yet. <code>bulkhead serve</code> printed a link where it was started: open it
          to make the first administrator. Start it again for a new link.
        </p>
      </main>
    );
  }
  return (
    <Form
      title="Sign in"
      button="Sign in"
      isNew={false}
      submit={async (fields) => {
        const signed = await send("POST /session", [], fields);
        if (refusal !== undefined) replaceRoute([], {});
        done(signed);
      }}
    >
      {refused}
      {byProvider}
    </Form>
  );
}

/** Makes an account, or sets a new password, by the link that somebody was given. */
export function JoinPage({
  token,
  done,
}: {
  readonly token: string;
  readonly done: (who: Answer<"/session">) => void;
}) {
  const link = useAnswer("/join/:token", [token]);
  if (link.value === undefined)
    return (
      <main class="sign-in">
        <h1>bulkhead</h1>
        {link.error ? (
          <p class="trouble" role="alert">
            {link.error.message}
          </p>
        ) : (
          <p class="dim">Loading…</p>
        )}
      </main>
    );
  const { account } = link.value;
  return (
    <Form
      title={account === null ? "Make your account" : "Set a new password"}
      button={account === null ? "Make the account" : "Set the password"}
      isNew={true}
      name={account ?? undefined}
      submit={async (fields) => {
        const who = await send("POST /join", [], { ...fields, token });
        replaceRoute([], {});
        done(who);
      }}
    >
      {account === null ? (
        <p>This link works once. Choose a name and a password.</p>
      ) : (
        <p>This link works once. It ends every session of {account}, and turns the second step off.</p>
      )}
    </Form>
  );
}
