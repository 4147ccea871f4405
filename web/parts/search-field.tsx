import { useEffect, useId, useRef, useState } from "preact/hooks";

/** Milliseconds after the last letter until the server is asked: a search of a large fleet takes a third of a second. */
const settled = 250;

/** A field to search by. `onText` hears of a text once nobody types any more, or at Enter. */
export function SearchField({
  text,
  placeholder,
  label,
  isLabelShown = false,
  onText,
}: {
  readonly text: string;
  readonly placeholder: string;
  readonly label: string;
  /** Else only screen readers hear it. */
  readonly isLabelShown?: boolean;
  readonly onText: (text: string) => void;
}) {
  const id = useId();
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const say = useRef(onText);
  say.current = onText;
  const stop = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
  };
  useEffect(() => stop, []);
  // Back and forward change the address; what is being typed is newer.
  useEffect(() => {
    if (timer.current === undefined) setTyped(text);
  }, [text]);
  const field = (
    <input
      id={id}
      type="search"
      aria-label={isLabelShown ? undefined : label}
      placeholder={placeholder}
      value={typed}
      onInput={({ currentTarget }) => {
        const now = currentTarget.value;
        setTyped(now);
        stop();
        timer.current = setTimeout(() => {
          stop();
          say.current(now);
        }, settled);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Enter") return;
        stop();
        say.current(currentTarget.value);
      }}
    />
  );
  return isLabelShown ? (
    <label htmlFor={id}>
      {label}
      {field}
    </label>
  ) : (
    field
  );
}
