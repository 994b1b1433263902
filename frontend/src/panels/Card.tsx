/** The card of the chosen incident: what, where, how long, the caller's words, its units, its log. */

import { perform } from "../actions";
import { lost } from "../connection";
import { setCommand } from "../desk";
import { showIncident } from "../map/camera";
import { markOf } from "../marks";
import * as store from "../store";
import { against, clockTime, now } from "../time";
import type { Incident, Joined } from "../types";
import { words } from "../words";
import { Chip, Key, Region, Since } from "./bits";
import { Mark } from "./Mark";

const say = words.card;

export function Card() {
  store.incidentsRev.value;
  const incident = store.incidentOf(store.selected.value);
  if (!incident)
    return (
      <Region name="card" label={say.region} class="card empty">
        <h1>{say.empty}</h1>
        <p>{say.emptyHow}</p>
      </Region>
    );
  return (
    <Region name="card" label={say.region}>
      <Head incident={incident} />
      {incident.erased ? <p class="quiet">{say.erased}</p> : null}
      {incident.text ? <blockquote dir="auto">“{incident.text}”</blockquote> : null}
      <dl>
        <dt>{say.place}</dt>
        <dd>
          {incident.place ? (
            <>
              {incident.place.verified === false ? <b class="late">{say.unchecked} </b> : null}
              <bdi>{incident.place.name || coordinates(incident)}</bdi>
            </>
          ) : incident.erased ? (
            say.erasedPlace
          ) : (
            <b class="late">{say.unverified}</b>
          )}
        </dd>
        <Sites incident={incident} />
        <dt>{say.opened}</dt>
        <dd>
          {clockTime(incident.opened_us / 1000)}, {incident.run}
          {incident.alarms.length ? `, ${say.alarmsFrom(incident.alarms.length)}` : ""}
        </dd>
        <dt>{say.units}</dt>
        <dd>{incident.units.length ? <Units incident={incident} /> : say.noUnits}</dd>
      </dl>
      <Log incident={incident} />
      <Acts incident={incident} />
    </Region>
  );
}

/** What crews should know of the place before they arrive. */
function Sites({ incident }: { incident: Incident }) {
  const known = store.detail.value?.id === incident.id ? store.detail.value.areas : [];
  const sites = (known ?? []).filter((area) => area.kind === "key_site");
  if (!sites.length) return null;
  return (
    <>
      <dt>{say.site}</dt>
      {sites.map((site) => (
        <dd key={site.id}>
          <b>
            <bdi>{site.name}</bdi>
          </b>{" "}
          <bdi>{site.text}</bdi>
        </dd>
      ))}
    </>
  );
}

const coordinates = (i: Incident): string =>
  i.place ? `${i.place.lat.toFixed(5)}, ${i.place.lon.toFixed(5)}` : "";

function Head({ incident }: { incident: Incident }) {
  const limit = incident.state === "waiting" ? incident.limit_s : null;
  const stand = limit ? against(incident.opened_us, limit, now.value) : null;
  return (
    <header>
      <Chip priority={incident.priority} />
      <div class="name">
        <h1>
          <bdi>{store.numberOf(incident)}</bdi> {incident.type.name}
        </h1>
        <p>{store.placeOf(incident) || words.queue.noPlace}</p>
      </div>
      <div class={`time ${stand?.late ? "late" : ""}`}>
        {incident.state === "closed" ? (
          <p>{say.closedAt(clockTime((incident.closed_us ?? 0) / 1000))}</p>
        ) : (
          <>
            <b>
              <Since us={incident.opened_us} />
            </b>
            <p class={stand?.late ? "late" : ""}>{stand?.text ?? say.sinceCall}</p>
          </>
        )}
      </div>
    </header>
  );
}

function Units({ incident }: { incident: Incident }) {
  store.unitsRev.value;
  return (
    <ul class="joined">
      {incident.units.map((joined) => {
        const unit = store.unitOf(joined.id);
        return (
          <li key={joined.id} class={joined.left_us === null ? "" : "gone"}>
            {unit && joined.left_us === null ? <Mark kind={markOf(unit)} /> : null}{" "}
            <b>{unit?.callsign ?? joined.id}</b> {progress(joined)}
          </li>
        );
      })}
    </ul>
  );
}

/** The latest step of a unit at this incident, with its time. */
function progress(joined: Joined): string {
  const at = (us: number) => clockTime(us / 1000);
  if (joined.left_us !== null) return say.left(at(joined.left_us));
  if (joined.on_scene_us !== null) return say.scene(at(joined.on_scene_us));
  if (joined.en_route_us !== null) return say.rolling(at(joined.en_route_us));
  return say.joined(at(joined.joined_us));
}

function Log({ incident }: { incident: Incident }) {
  const detail = store.detail.value;
  const lines = detail?.id === incident.id ? (detail.log ?? []) : [];
  const newest = [...lines].sort((a, b) => b.at_us - a.at_us);
  return (
    <ol class="log" aria-label={say.log} tabIndex={-1}>
      {newest.map((line, i) => (
        <li key={`${line.at_us}-${newest.length - i}`}>
          <time>{clockTime(line.at_us / 1000)}</time>
          <span>
            {line.words}
            {line.by ? <span class="by"> {line.by}</span> : null}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** These write the command, so that its sentence stands in view before anything happens. */
function Acts({ incident }: { incident: Incident }) {
  const start = (verb: string) => () => {
    setCommand(`${verb} ${store.numberOf(incident)} `);
    document.querySelector<HTMLInputElement>("#command")?.focus();
  };
  const setPlace = () => perform({ do: "place", incident: incident.id });
  return (
    <div class="acts">
      {incident.place || incident.state === "closed" ? null : (
        <button type="button" class="main" disabled={lost.value} onClick={() => void setPlace()}>
          {say.setPlace} <Key>p</Key>
        </button>
      )}
      <button type="button" onClick={start("n")}>
        {say.note}
      </button>
      <button
        type="button"
        onClick={start("c")}
        disabled={incident.state === "closed" || lost.value}
      >
        {say.close}
      </button>
      <button type="button" onClick={() => showIncident(incident)} disabled={!incident.place}>
        {say.show}
      </button>
    </div>
  );
}
