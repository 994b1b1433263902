/** A send that was refused: who changed what, and who is next best. Nothing was sent. */

import { findIncident } from "../commands/names";
import { conflict } from "../desk";
import * as store from "../store";
import { travel } from "../time";
import { changeWords, whoWords } from "../told";
import { words } from "../words";

const say = words.who;

export function Refused() {
  const refused = conflict.value;
  if (!refused) return null;
  const answer = store.advice.value?.answer;
  const next = answer?.ranked.find((row) => !refused.tried.includes(row.unit));
  return (
    <div class="refused" role="alert">
      <b class="late">{say.changedTitle}</b>
      <ul>
        {refused.changed.map((c) => (
          <li key={`${c.id}-${c.seq}`}>
            <b>{name(c.id)}</b> {say.changedOne(changeWords(c.what), whoWords(c.who))}
          </li>
        ))}
      </ul>
      <p>{next ? say.nextBest(next.callsign, travel(next.travel_ms)) : say.noNext}</p>
    </div>
  );
}

const name = (id: string): string => {
  const bare = id.replace(/^(unit|incident)\//, "");
  const incident = findIncident(bare);
  return store.unitOf(bare)?.callsign ?? (incident ? store.labelOf(incident) : bare);
};
