/** Small pieces of these pages: acts with their errors beside them, choices of roles, QR codes. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Invitation } from "./api";
import { words } from "./words";

const whenFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const dayFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** "25 Nov, 10:44", in this machine's zone. */
export const when = (us: number): string => whenFormat.format(us / 1000);
export const day = (us: number | null | undefined): string =>
  us ? dayFormat.format(us / 1000) : words.never;
export const list = (names: string[], known: Record<string, string>): string =>
  names.map((name) => known[name] ?? name).join(", ") || words.none;
export const agencyName = (agency: string): string => (agency === "*" ? words.every : agency);
/** "person/ana" is "ana"; who has a name is called by it. */
export const byName = (label: string | null): string =>
  label === "system" ? words.setUp : label?.replace(/^[a-z]+\//, "") || words.none;

/** What an act ended in: nothing yet, an error in words, or a line that says it is done. */
export function useAct() {
  const [waiting, setWaiting] = useState(false);
  const [said, setSaid] = useState<{ text: string; bad: boolean }>({ text: "", bad: false });
  const run = async (act: () => Promise<string | undefined>) => {
    if (waiting) return;
    setWaiting(true);
    try {
      setSaid({ text: (await act()) ?? "", bad: false });
    } catch (error) {
      setSaid({ text: (error as Error).message, bad: true });
    } finally {
      setWaiting(false);
    }
  };
  return { waiting, said, run };
}

export const Said = ({ said }: { said: { text: string; bad: boolean } }) => (
  <p class={said.bad ? "said late" : "said"} role={said.bad ? "alert" : "status"}>
    {said.text}
  </p>
);

/** A button whose error stands beside it. `sure`: asks once more, in words, before it acts. */
export function Act({
  name,
  act,
  sure,
  label,
}: {
  name: string;
  act: () => Promise<string | undefined>;
  sure?: string;
  label?: string;
}) {
  const { waiting, said, run } = useAct();
  const [asking, setAsking] = useState(false);
  if (asking)
    return (
      <span class="act">
        <button
          type="button"
          class="main"
          onClick={() => {
            setAsking(false);
            void run(act);
          }}
        >
          {words.sure(sure ?? "")}
        </button>
        <button type="button" onClick={() => setAsking(false)}>
          {words.leaveIt}
        </button>
      </span>
    );
  return (
    <span class="act">
      <button
        type="button"
        disabled={waiting}
        aria-label={label}
        onClick={() => (sure ? setAsking(true) : void run(act))}
      >
        {name}
      </button>
      <Said said={said} />
    </span>
  );
}

/** A form whose error stands under it; `send` gets the fields and says in a line what was done. */
export function Form({
  title,
  go,
  send,
  children,
}: {
  title: string;
  go: string;
  send: (data: FormData) => Promise<string | undefined>;
  children: ComponentChildren;
}) {
  const { waiting, said, run } = useAct();
  return (
    <form
      class="box"
      aria-label={title}
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        void run(() => send(data));
      }}
    >
      <h3>{title}</h3>
      {children}
      <div>
        <button type="submit" class="big main" disabled={waiting}>
          {go}
        </button>
      </div>
      <Said said={said} />
    </form>
  );
}

export function Field({
  label,
  ...rest
}: { label: string; name: string } & Record<string, unknown>) {
  return (
    <label class="field">
      <span>{label}</span>
      <input {...rest} />
    </label>
  );
}

/** Boxes of one set of words; a form reads them by `name`. */
export function Boxes({
  legend,
  name,
  known,
  of,
  on = [],
}: {
  legend: string;
  name: string;
  known: Record<string, string>;
  of: string[];
  on?: readonly string[];
}) {
  const form = useId();
  return (
    <fieldset class="boxes">
      <legend>{legend}</legend>
      {of.map((one) => (
        <label key={`${form}${one}`}>
          <input type="checkbox" name={name} value={one} defaultChecked={on.includes(one)} />
          {known[one] ?? one}
        </label>
      ))}
    </fieldset>
  );
}

export const chosen = (data: FormData, name: string): string[] => data.getAll(name).map(String);
export const text = (data: FormData, name: string): string => String(data.get(name) ?? "").trim();

/** A QR code as the server drew it. What this parser makes runs no script, whatever it was given. */
export function Qr({ svg, label }: { svg: string; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const drawn = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    if (drawn) box.current?.replaceChildren(document.adoptNode(drawn));
  }, [svg]);
  return <div class="qr" role="img" aria-label={label} ref={box} />;
}

/** An invitation to hand over: its picture, its link, and the code to be read aloud. */
export function Handed({
  what,
  invitation,
  close,
}: {
  what: string;
  invitation: Invitation;
  close: () => void;
}) {
  const say = words.qr;
  return (
    <div class="handed box" role="status">
      <p>{what}</p>
      <Qr svg={invitation.qr} label={say.label(invitation.url)} />
      <dl>
        <dt>{say.link}</dt>
        <dd class="link">{invitation.url}</dd>
        <dt>{say.code}</dt>
        <dd>
          <code>{invitation.code}</code>
        </dd>
      </dl>
      <p>{say.until(when(invitation.expires_us))}</p>
      <button type="button" onClick={close}>
        {say.close}
      </button>
    </div>
  );
}

/** Asks the server once when shown, and again by `again`. */
export function useAsked<T>(ask: () => Promise<T>) {
  const [found, setFound] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  const again = async () => {
    try {
      setFound(await ask());
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  useEffect(() => void again(), []);
  return { found, problem, again };
}

export const Trouble = ({ text: said }: { text: string }) => (
  <p class="late" role="alert">
    {said}
  </p>
);
