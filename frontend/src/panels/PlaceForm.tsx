/** Setting the place of an incident that was opened without one. */

import { useEffect } from "preact/hooks";
import { placeIncident } from "../actions";
import { busy, draft, formOpen } from "../desk";
import { say as tell } from "../said";
import * as store from "../store";
import { words } from "../words";
import { Key, Region } from "./bits";
import { PlaceField } from "./PlaceField";

const say = words.form;

export function PlaceForm() {
  const now = draft.value;
  useEffect(() => document.querySelector<HTMLElement>("#place")?.focus(), []);
  const incident = store.incidentOf(now?.incident ?? null);
  if (!now || !incident) return null;
  return (
    <Region name="card" label={say.placeOf(store.labelOf(incident))} class="form">
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <header>
          <h1>{say.placeOf(store.labelOf(incident))}</h1>
          {incident.text ? <p dir="auto">“{incident.text}”</p> : null}
        </header>
        <PlaceField />
        <div class="send">
          <button type="submit" class="big main" disabled={busy.value || !now.place}>
            {now.place ? say.setPlace(now.place.name || words.alarms.onMap) : say.needPlace}{" "}
            <Key>{words.cmd.enter}</Key>
          </button>
          <button
            type="button"
            class="big"
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

async function submit(): Promise<void> {
  if (busy.value || !draft.value?.place) return;
  busy.value = true;
  try {
    await placeIncident(draft.value);
  } catch (error) {
    tell(words.done.failed((error as Error).message), "bad");
  } finally {
    busy.value = false;
  }
}
