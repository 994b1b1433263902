/** Who is on what this shift: sign on, sign off, and volunteers who have just come. */

import { session } from "../session";
import { api, type Crew, type SigningOn } from "./api";
import { Act, Field, Form, list, Trouble, text, useAsked, when } from "./bits";
import { words } from "./words";

const say = words.crews;
const WORKS = ["call_taker", "dispatcher", "supervisor"];

export function Crews() {
  const { found, problem, again } = useAsked(api.crews);
  const units = useAsked(api.units);
  const vehicles = useAsked(api.vehicles);
  if (!found) return <Trouble text={problem} />;
  const works = WORKS.some((role) => session.value?.roles.includes(role));
  const redo = async () => {
    await Promise.all([again(), units.again(), vehicles.again()]);
  };
  return (
    <>
      {works ? <WalkUp again={redo} /> : null}
      {works ? (
        <SignOn
          units={units.found?.units ?? []}
          vehicles={(vehicles.found?.vehicles ?? []).filter((one) => one.free)}
          again={redo}
        />
      ) : null}
      <ul class="rows wide">
        {found.crews.map((crew) => (
          <Row key={crew.unit} crew={crew} works={works} again={redo} />
        ))}
      </ul>
      {found.crews.length ? null : <p>{say.nobody}</p>}
    </>
  );
}

/** One name and one thing they can do: that is enough to be sent. */
function WalkUp({ again }: { again: () => Promise<void> }) {
  return (
    <Form
      title={say.walkUp}
      go={say.walkUpGo}
      send={async (data) => {
        const names = lines(text(data, "names"));
        const made = await api.walkUp(names, commas(text(data, "skills")));
        await again();
        return say.came(made.callsign);
      }}
    >
      <Lines label={say.names} name="names" />
      <Field label={say.skills} name="skills" required maxLength={200} />
    </Form>
  );
}

function SignOn({
  units,
  vehicles,
  again,
}: {
  units: { id: string; callsign: string }[];
  vehicles: { id: string; kind: string }[];
  again: () => Promise<void>;
}) {
  return (
    <Form
      title={say.signOn}
      go={say.signOnGo}
      send={async (data) => {
        const unit = text(data, "unit");
        const hours = Number(text(data, "hours"));
        const people = lines(text(data, "people")).map(person);
        await api.crewOn(unit, people, text(data, "vehicle"), hours);
        await again();
        return say.on(units.find((one) => one.id === unit)?.callsign ?? unit);
      }}
    >
      <label class="field">
        <span>{say.unit}</span>
        <select name="unit" required>
          {units.map((unit) => (
            <option key={unit.id} value={unit.id}>
              {unit.callsign}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{say.vehicle}</span>
        <select name="vehicle">
          <option value="">{say.usual}</option>
          {vehicles.map((one) => (
            <option key={one.id} value={one.id}>
              {`${one.id}, ${one.kind}`}
            </option>
          ))}
        </select>
      </label>
      <Lines label={say.people} name="people" />
      <Field label={say.hours} name="hours" type="number" min={1} max={48} value={12} />
    </Form>
  );
}

function Row({ crew, works, again }: { crew: Crew; works: boolean; again: () => Promise<void> }) {
  const facts = [
    crew.vehicle ? say.with(crew.vehicle) : "",
    say.can(list(crew.capabilities, {})),
    say.since(when(crew.since_us)),
    crew.ends_us ? say.until(when(crew.ends_us)) : "",
    crew.blocked ? say.blocked(crew.blocked_by?.toUpperCase() ?? say.another) : "",
    !crew.blocked && crew.shares.length ? say.shares(list(crew.shares, {}).toUpperCase()) : "",
  ];
  return (
    <li>
      <div class="who">
        <b>{crew.callsign}</b>
        <small>
          {crew.members
            .map(
              (one) =>
                `${one.name ?? say.guest}${one.skills.length ? ` (${one.skills.join(", ")})` : ""}`,
            )
            .join(", ")}
        </small>
        {crew.late ? <b class="late">{say.late}</b> : null}
      </div>
      <p>{facts.filter(Boolean).join("; ")}</p>
      {works ? (
        <Act
          name={say.off}
          label={say.offWho(crew.callsign)}
          act={async () => {
            await api.crewOff(crew.unit);
            await again();
            return undefined;
          }}
        />
      ) : null}
    </li>
  );
}

const Lines = ({ label, name }: { label: string; name: string }) => (
  <label class="field">
    <span>{label}</span>
    <textarea name={name} rows={3} required maxLength={2000} />
  </label>
);

const lines = (said: string): string[] =>
  said
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const commas = (said: string): string[] =>
  said
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** "p1: als, driver" is staff by id; two words or more before the colon are a guest's name. */
function person(line: string): SigningOn {
  const [who = "", skills = ""] = line.split(":");
  const name = who.trim();
  return { ...(/\s/.test(name) ? { name } : { person: name }), skills: commas(skills) };
}
