/** Who should go: the ranked units with reasons, the passed-over with theirs, and the send button. */

import { perform } from "../actions";
import { kindName } from "../commands/complete";
import { lost } from "../connection";
import { busy, command, conflict, picks, reading, togglePick } from "../desk";
import { refreshAdvice } from "../follow";
import { runCommand } from "../keys";
import * as store from "../store";
import { age, now, travel } from "../time";
import type { Incident, Ranked, Recommendation } from "../types";
import { words } from "../words";
import { Key, Region } from "./bits";
import { Refused } from "./Refused";

const say = words.who;
const OLD_S = 30;
const PASSED_SHOWN = 4;

export function Who() {
  store.incidentsRev.value;
  const incident = store.incidentOf(store.selected.value);
  if (!incident)
    return (
      <Region name="who" label={say.region}>
        {null}
      </Region>
    );
  const advice = store.advice.value;
  const answer = advice?.incident === incident.id ? advice.answer : null;
  return (
    <Region name="who" label={say.region}>
      <h2>
        {say.region}
        <small>{picks.value.typed ? say.frozen : incident.type.name}</small>
      </h2>
      {conflict.value?.incident === incident.id ? <Refused /> : null}
      <div class="scroll">
        <Body incident={incident} answer={answer} error={advice?.error ?? ""} />
      </div>
      <Send incident={incident} answer={answer} />
    </Region>
  );
}

function Body({
  incident,
  answer,
  error,
}: {
  incident: Incident;
  answer: Recommendation | null;
  error: string;
}) {
  if (incident.state === "closed") return <p class="none">{say.closed}</p>;
  if (!incident.place) return <p class="none">{say.noPlace}</p>;
  if (!answer && error)
    return (
      <p class="none">
        <b class="late">{say.failed}.</b> {error}{" "}
        <button type="button" onClick={() => void refreshAdvice(incident.id)}>
          {say.retry}
        </button>
      </p>
    );
  if (!answer) return <p class="none">{say.loading}</p>;
  return (
    <>
      {answer.degraded ? <p class="degraded late">{say.degraded(answer.degraded)}</p> : null}
      <div class="heads" aria-hidden="true">
        <span>{say.byRoad}</span>
        <span>{say.position}</span>
      </div>
      <ol class="ranked">
        {answer.ranked.map((row, i) => (
          <Row key={row.unit} row={row} rank={i + 1} />
        ))}
      </ol>
      {answer.ranked.length ? null : <p class="none">{say.none}</p>}
      <Passed answer={answer} />
    </>
  );
}

function Row({ row, rank }: { row: Ranked; rank: number }) {
  const picked = picks.value.units.includes(row.unit);
  const from = row.diverts ? store.incidentOf(row.diverts) : null;
  return (
    <li>
      <button
        type="button"
        data-row
        data-unit={row.unit}
        class={`row ${picked && !picks.value.typed ? "offered" : ""}`}
        aria-pressed={picked}
        onClick={() => togglePick(row.unit)}
      >
        <span class="rank">{rank}</span>
        <b class="callsign">{row.callsign}</b>
        <span class="kind">{kindName(row.kind)}</span>
        <b class="road">{travel(row.travel_ms)}</b>
        <PositionAge row={row} />
        <span class="why">
          {reason(row)}
          {row.diverts ? <b> {say.diverts(from ? store.labelOf(from) : row.diverts)}</b> : null}
        </span>
      </button>
    </li>
  );
}

/** The reason without the call sign it begins with: that stands in the row already. */
const reason = (row: Ranked): string =>
  row.words.startsWith(`${row.callsign} `) ? row.words.slice(row.callsign.length + 1) : row.words;

/** The age of the position the rank was decided on, growing since. */
function PositionAge({ row }: { row: Ranked }) {
  now.value;
  const asked = store.advice.value?.at ?? performance.now();
  if (row.source !== "device" || row.position_age_s === null)
    return <span class="age late">{words.board.askRadio}</span>;
  const unit = store.unitOf(row.unit);
  const since = (performance.now() - asked) / 1000;
  const seconds = unit ? store.positionAge(unit) : row.position_age_s + since;
  return seconds > OLD_S ? (
    <b class="age late">{say.old(age(seconds))}</b>
  ) : (
    <span class="age">{age(seconds)}</span>
  );
}

function Passed({ answer }: { answer: Recommendation }) {
  const shown = answer.passed_over.slice(0, PASSED_SHOWN);
  const rest = answer.passed_over.length - shown.length;
  return (
    <p class="passed">
      {shown.length ? `${say.passed} ` : ""}
      {shown.map((p) => `${p.callsign} ${p.words}`.replace(/\.?$/, ".")).join(" ")}
      {rest > 0 ? ` ${say.passedMore(rest)}` : ""}{" "}
      <b>{say.epoch(answer.epoch, (answer.ms ?? 0).toFixed(1))}</b>
    </p>
  );
}

/** The button says the words of the sentence, and does the same. */
function Send({ incident, answer }: { incident: Incident; answer: Recommendation | null }) {
  if (lost.value)
    return (
      <div class="send">
        <button type="button" class="big" disabled>
          {words.lost.sendOff}
        </button>
      </div>
    );
  const { units, typed } = picks.value;
  const act = typed ? (reading.value?.act ?? null) : offered(incident, units);
  const going = act?.do === "send" ? act.units : units;
  const names = going.map((u) => store.unitOf(u)?.callsign ?? u);
  const wait = busy.value || !act || incident.state === "closed";
  const hint = !units.length ? "" : typed ? words.cmd.enter : answer ? "1" : "";
  return (
    <div class="send">
      <button
        type="button"
        class="big main"
        disabled={wait}
        onClick={() => void (typed || command.value ? runCommand() : act && perform(act))}
      >
        {names.length ? say.send(names) : say.choose} {hint ? <Key>{hint}</Key> : null}
      </button>
    </div>
  );
}

const offered = (incident: Incident, units: string[]) =>
  units.length ? { do: "send" as const, incident: incident.id, units, divert: false } : null;
