/** Taking a call: place first, then what it is, then the caller's words. Goes without a place too. */

import { useEffect, useRef } from "preact/hooks";
import { openIncident } from "../actions";
import { busy, type Draft, draft, formOpen } from "../desk";
import { say as tell } from "../said";
import * as store from "../store";
import type { IncidentType } from "../types";
import { words } from "../words";
import { Chip, Key, Region } from "./bits";
import { PlaceField } from "./PlaceField";

const say = words.form;

export const patch = (change: Partial<Draft>): void => {
  if (draft.value) draft.value = { ...draft.value, ...change };
};

export function NewIncident() {
  const form = useRef<HTMLFormElement>(null);
  const now = draft.value;
  useEffect(() => {
    // Answering an alarm that has a place and a type: only the words are missing.
    const start = now?.place ? (now.type ? "textarea" : "input[name=type]") : "#place";
    form.current?.querySelector<HTMLElement>(start)?.focus();
  }, [now?.alarms[0]]);
  if (!now) return null;
  return (
    <Region name="card" label={say.region} class="form">
      <form
        ref={form}
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(now);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(now);
        }}
      >
        <header>
          <h1>{say.title}</h1>
          {now.from ? <p>{say.fromAlarm(now.from)}</p> : null}
        </header>
        <PlaceField />
        <Types draft={now} />
        <Priorities draft={now} />
        <label class="field">
          <span>{say.text}</span>
          <textarea
            rows={5}
            maxLength={8000}
            value={now.text}
            onInput={(event) => patch({ text: event.currentTarget.value })}
          />
        </label>
        <div class="send">
          <button type="submit" class="big main" disabled={busy.value || !now.type}>
            {now.type ? sentence(now) : say.needType} <Key>Ctrl Enter</Key>
          </button>
          <button
            type="button"
            class="big"
            title={say.nothingKept}
            onClick={() => {
              formOpen.value = false;
            }}
          >
            {say.cancel} <Key>Esc</Key>
          </button>
        </div>
      </form>
    </Region>
  );
}

function sentence(now: Draft): string {
  const type = store.room.value?.types.find((t) => t.code === now.type)?.name ?? now.type;
  return say.openAs(
    words.p(now.priority),
    type,
    now.place ? store.placed(now.place) : say.unverifiedPlace,
  );
}

async function submit(now: Draft): Promise<void> {
  if (busy.value || !now.type) return;
  busy.value = true;
  try {
    await openIncident(now);
  } catch (error) {
    tell(words.done.failed((error as Error).message), "bad");
  } finally {
    busy.value = false;
  }
}

function Types({ draft: now }: { draft: Draft }) {
  const choose = (type: IncidentType) =>
    patch({
      type: type.code,
      typeTouched: true,
      ...(now.priorityTouched ? {} : { priority: type.priority }),
    });
  return (
    <fieldset>
      <legend>{say.type}</legend>
      <div class="choices">
        {(store.room.value?.types ?? []).map((type) => (
          <label key={type.code} class={now.type === type.code ? "on" : ""}>
            <input
              type="radio"
              name="type"
              checked={now.type === type.code}
              onChange={() => choose(type)}
            />
            {type.name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Priorities({ draft: now }: { draft: Draft }) {
  return (
    <fieldset>
      <legend>{say.priority}</legend>
      <div class="choices">
        {[1, 2, 3, 4].map((priority) => (
          <label key={priority} class={now.priority === priority ? "on" : ""}>
            <input
              type="radio"
              name="priority"
              checked={now.priority === priority}
              onChange={() => patch({ priority, priorityTouched: true })}
            />
            <Chip priority={priority} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
