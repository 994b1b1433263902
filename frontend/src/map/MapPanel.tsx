/** The map's region: the engine arrives on its own, so the room works before it and without it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { formOpen } from "../desk";
import type { MarkKind } from "../marks";
import { NotLive } from "../panels/Bars";
import { Mark } from "../panels/Mark";
import * as store from "../store";
import { words } from "../words";
import { showIncident, shown, showWhole } from "./camera";

const say = words.map;
const LEGEND: MarkKind[] = [
  "available",
  "dispatched",
  "en_route",
  "on_scene",
  "transporting",
  "at_hospital",
  "returning",
  "out_of_service",
];

export function MapPanel() {
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useEffect(() => {
    let stop = () => {};
    let gone = false;
    const city = store.room.value?.city;
    if (!box.current || !city) return;
    const target = box.current;
    import("./engine")
      .then((engine) => engine.startMap(target, city, () => setState("ready")))
      .then((end) => {
        stop = end;
        if (gone) end();
      })
      .catch(() => setState("failed"));
    return () => {
      gone = true;
      stop();
    };
  }, []);
  return (
    <section class="panel map" data-panel="map" data-state={state} aria-label={say.region}>
      <div class="canvas" ref={box} />
      <Toolbar />
      {state === "ready" ? null : (
        <p class="standing">{state === "loading" ? say.loading : say.noMap}</p>
      )}
      {formOpen.value ? <p class="standing pick">{say.pick}</p> : null}
      <Legend />
      <p class="attribution">{say.attribution}</p>
      <NotLive />
    </section>
  );
}

function Toolbar() {
  const incident = store.incidentOf(store.selected.value);
  store.incidentsRev.value;
  const names = { units: say.units, routes: say.routes, names: say.names, areas: say.areas };
  return (
    <div class="tools" role="toolbar" aria-label={say.region}>
      {(Object.keys(names) as (keyof typeof names)[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={shown.value[name]}
          onClick={() => {
            shown.value = { ...shown.value, [name]: !shown.value[name] };
          }}
        >
          {names[name]}
        </button>
      ))}
      <button type="button" onClick={showWhole}>
        {say.whole}
      </button>
      {incident?.place ? (
        <button type="button" onClick={() => showIncident(incident)}>
          {say.toSelected(store.numberOf(incident))}
        </button>
      ) : null}
    </div>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label={say.legend}>
      {LEGEND.map((kind) => (
        <li key={kind}>
          <Mark kind={kind} /> {words.status[kind as keyof typeof words.status]}
        </li>
      ))}
    </ul>
  );
}
