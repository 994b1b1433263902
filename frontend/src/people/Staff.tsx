/** The staff: who has which roles and why, and how they come and go. */

import { useState } from "preact/hooks";
import { session } from "../session";
import { type Agency, api, type Invitation, type Person } from "./api";
import {
  Act,
  agencyName,
  Boxes,
  byName,
  chosen,
  day,
  Field,
  Form,
  Handed,
  list,
  Trouble,
  text,
  useAsked,
  when,
} from "./bits";
import { words } from "./words";

const say = words.staff;
const ROLES = Object.keys(words.role);
const isAdmin = () => session.value?.roles.includes("administrator") ?? false;
const leads = () => session.value?.roles.includes("supervisor") ?? false;

export function Staff() {
  const { found, problem, again } = useAsked(api.people);
  const agencies = useAsked(api.agencies);
  const [handed, setHanded] = useState<{ name: string; invitation: Invitation } | null>(null);
  if (!found) return <Trouble text={problem} />;
  const invite = async (person: Person) => {
    setHanded({ name: person.name ?? person.id, invitation: await api.invite(person.id) });
    return undefined;
  };
  const names = new Map(found.people.map((one) => [`person/${one.id}`, one.name]));
  const called = (label: string) => names.get(label) ?? byName(label);
  return (
    <>
      {handed ? (
        <Handed
          what={say.inviteWhat(handed.name)}
          invitation={handed.invitation}
          close={() => setHanded(null)}
        />
      ) : null}
      <ul class="rows wide">
        {found.people.map((person) => (
          <Row key={person.id} person={person} called={called} again={again} invite={invite} />
        ))}
      </ul>
      {found.people.length ? null : <p>{say.nobody}</p>}
      {isAdmin() ? <Add agencies={agencies.found?.agencies ?? []} again={again} /> : null}
    </>
  );
}

function Row({
  person,
  called,
  again,
  invite,
}: {
  person: Person;
  called: (label: string) => string;
  again: () => Promise<void>;
  invite: (person: Person) => Promise<undefined>;
}) {
  const [changing, setChanging] = useState(false);
  const name = person.name ?? person.id;
  const mine = person.id === session.value?.person;
  const acts = !person.left_us && !mine;
  return (
    <li class={person.left_us ? "gone" : ""}>
      <div class="who">
        <b>{name}</b>
        <small>
          {person.id}, {agencyName(person.agency)}
        </small>
      </div>
      <Facts person={person} called={called} />
      <div class="acts">
        {isAdmin() && acts ? (
          <>
            <Act name={say.invite} label={`${say.invite} ${name}`} act={() => invite(person)} />
            <button type="button" aria-expanded={changing} onClick={() => setChanging(!changing)}>
              {say.change}
            </button>
            <Act
              name={say.leave}
              label={`${say.leave}: ${name}`}
              sure={say.leaveSure(name)}
              act={async () => {
                await api.leave(person.id);
                await again();
                return undefined;
              }}
            />
          </>
        ) : null}
        {leads() && acts && person.shift ? (
          <Act
            name={say.endShift}
            label={`${say.endShift}: ${name}`}
            act={async () => {
              await api.endShift(person.id);
              await again();
              return undefined;
            }}
          />
        ) : null}
      </div>
      {changing ? (
        <Form
          title={`${say.change}: ${name}`}
          go={say.saveRoles}
          send={async (data) => {
            await api.roles(person.id, chosen(data, "roles"));
            setChanging(false);
            await again();
            return undefined;
          }}
        >
          <Boxes legend={say.roles} name="roles" known={words.role} of={ROLES} on={person.roles} />
        </Form>
      ) : null}
    </li>
  );
}

function Facts({ person, called }: { person: Person; called: (label: string) => string }) {
  const { password, code, passkeys } = person.sign_in;
  const ways = [
    password ? words.way.password : "",
    code ? words.way.code : "",
    passkeys ? say.passkeys(passkeys) : "",
  ].filter(Boolean);
  return (
    <ul class="plain">
      {person.left_us ? <li>{say.left(day(person.left_us))}</li> : null}
      {person.why.map((why) => (
        <li key={why.role}>
          {words.me.why(words.role[why.role] ?? why.role, called(why.by), day(why.since_us))}
        </li>
      ))}
      {person.granted.map((one) => (
        <li key={`${one.roles} ${one.ends_us}`}>
          {words.me.grantedUntil(list(one.roles, words.role), called(one.by), when(one.ends_us))}
        </li>
      ))}
      <li>
        {[
          person.shift ? say.onShift(when(person.shift.ends_us)) : "",
          ways.length ? say.signIn(ways.join(", ")) : say.noSignIn,
          say.used(day(person.used_us)),
        ]
          .filter(Boolean)
          .join("; ")}
      </li>
    </ul>
  );
}

function Add({ agencies, again }: { agencies: Agency[]; again: () => Promise<void> }) {
  const whole = session.value?.agency === "*";
  return (
    <Form
      title={say.add}
      go={say.go}
      send={async (data) => {
        const [id, name] = [text(data, "id"), text(data, "name")];
        await api.addPerson({
          ...(id ? { id } : {}),
          name,
          agency: text(data, "agency"),
          roles: chosen(data, "roles"),
        });
        await again();
        return say.added(name);
      }}
    >
      <Field label={say.name} name="name" required maxLength={100} />
      <Field label={say.id} name="id" maxLength={32} pattern="[A-Za-z0-9._\-]*" />
      <label class="field">
        <span>{say.agency}</span>
        <select name="agency" required>
          {agencies.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
          {whole ? <option value="*">{words.every}</option> : null}
        </select>
      </label>
      <Boxes legend={say.roles} name="roles" known={words.role} of={ROLES} />
    </Form>
  );
}
