/** The place of a new incident: found as the caller says it, or a click on the map. */

import { signal } from "@preact/signals";
import { api } from "../api";
import { draft } from "../desk";
import { middle, showPoint } from "../map/camera";
import type { FoundPlace } from "../types";
import { words } from "../words";
import { patch } from "./NewIncident";

const say = words.form;
const SOON_MS = 120;
const FOUND = 6;

const found = signal<FoundPlace[]>([]);
const searched = signal("");
const at = signal(0);
let timer = 0;

function look(text: string): void {
  clearTimeout(timer);
  patch({ search: text, place: null });
  if (text.trim().length < 2) {
    found.value = [];
    searched.value = "";
    return;
  }
  timer = window.setTimeout(async () => {
    const places = await api.places(text, FOUND, middle()).then(
      (answer) => answer.places,
      () => [],
    );
    if (draft.value?.search !== text) return;
    found.value = places;
    searched.value = text;
    // Of two places of one name none is offered first: somebody has to ask.
    at.value = places[0]?.ambiguous ? -1 : 0;
  }, SOON_MS);
}

function take(place: FoundPlace): void {
  // A street whose number nobody knows is a place still to be checked.
  const verified = !place.note || place.note === "between" || place.note === "not_joined";
  const name = place.note === "number_unknown" ? `${place.name} ${place.detail}` : title(place);
  patch({ place: { lon: place.lon, lat: place.lat, name, verified }, search: name });
  found.value = [];
  searched.value = "";
  showPoint(place.lon, place.lat);
}

function key(event: KeyboardEvent): void {
  const list = found.value;
  if (!list.length) {
    // Place first: Enter alone opens no incident. Where only the place is asked, it is the answer.
    const whole = draft.value?.incident && draft.value.place;
    if (event.key === "Enter" && !whole) event.preventDefault();
    return;
  }
  if (event.key === "ArrowDown") at.value = Math.min(list.length - 1, at.value + 1);
  else if (event.key === "ArrowUp") at.value = Math.max(0, at.value - 1);
  else if (event.key === "Enter") {
    const chosen = list[at.value];
    if (chosen) take(chosen);
  } else return;
  event.preventDefault();
}

export function PlaceField() {
  const now = draft.value;
  if (!now) return null;
  const list = found.value;
  return (
    <div class="field place">
      <label for="place">{say.place}</label>
      <input
        id="place"
        role="combobox"
        aria-expanded={list.length > 0}
        aria-controls="places"
        aria-activedescendant={list.length && at.value >= 0 ? `place-${at.value}` : undefined}
        placeholder={say.placeHint}
        maxLength={200}
        value={now.search || now.place?.name || ""}
        onInput={(event) => look(event.currentTarget.value)}
        onKeyDown={key}
      />
      <div class="found" id="places" role="listbox" aria-label={say.place}>
        {list.map((place, i) => (
          <div
            key={`${place.kind}-${place.name}-${place.lon}-${place.lat}`}
            id={`place-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === at.value}
            onMouseDown={(event) => {
              event.preventDefault();
              take(place);
            }}
          >
            <bdi>{title(place)}</bdi> <small>{apart(place, list)}</small>
          </div>
        ))}
      </div>
      {list[0]?.ambiguous ? <p class="late">{say.which}</p> : null}
      {list.length ? null : <p class={now.place ? "" : "late"}>{standing(now.search)}</p>}
    </div>
  );
}

/** What tells a place from others of its name: its town, else where on the map it is. */
function apart(place: FoundPlace, list: FoundPlace[]): string {
  const twins = list.filter((other) => other.name === place.name && other.near === place.near);
  const where = `${place.lat.toFixed(3)}, ${place.lon.toFixed(3)}`;
  const note = place.note ? say.notes[place.note](place.detail ?? "") : "";
  return [place.near, place.kind.replaceAll("_", " "), twins.length > 1 ? where : "", note]
    .filter(Boolean)
    .join(", ");
}

/** Its name; a kind of thing without one by what it is beside. */
const title = (place: FoundPlace): string =>
  place.name || [place.kind.replaceAll("_", " "), place.detail].filter(Boolean).join(", ");

function standing(text: string): string {
  const place = draft.value?.place;
  if (place)
    return `${place.verified === false ? say.pinned : say.chosen}: ${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;
  return searched.value && searched.value === text ? say.noMatch : say.unverified;
}
