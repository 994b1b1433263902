/** What was given and never used: for a person to look at, and to take back by hand. */

import { useState } from "preact/hooks";
import { api } from "./api";
import { day, list, Trouble, useAsked } from "./bits";
import { words } from "./words";

const say = words.review;
const DAYS = [30, 90, 180, 366];

export function Review() {
  const [days, setDays] = useState(90);
  return (
    <>
      <label class="field short">
        <span>{say.days}</span>
        <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <Found key={days} days={days} />
    </>
  );
}

function Found({ days }: { days: number }) {
  const { found, problem } = useAsked(() => api.review(days));
  if (!found) return <Trouble text={problem} />;
  const parts: [string, string[]][] = [
    [say.accounts, found.accounts_unused.map((one) => `${one.person}, ${since(one.since_us)}`)],
    [
      say.roles,
      found.roles_unused.map(
        (one) =>
          `${one.person}: ${words.role[String(one.role)] ?? one.role}, ${since(one.since_us)}`,
      ),
    ],
    [say.devices, found.devices_unused.map((one) => `${one.device}, ${since(one.since_us)}`)],
    [
      say.shares,
      found.shares_unused.map(
        (one) => `${one.agency} → ${one.to}: ${list(one.what as string[], words.share)}`,
      ),
    ],
  ];
  return (
    <>
      <p>{say.what(found.days)}</p>
      {found.marks_since_us ? <p>{say.marks(day(found.marks_since_us))}</p> : null}
      <div class="columns">
        {parts.map(([title, lines]) => (
          <section class="box" key={title}>
            <h2>{title}</h2>
            {lines.length ? (
              <ul class="rows">
                {lines.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            ) : (
              <p>{say.nothing}</p>
            )}
          </section>
        ))}
      </div>
    </>
  );
}

const since = (us: unknown): string => say.since(day(Number(us)));
