/** Devices and programs: invited by a QR code, given tokens that are shown once, revoked at once. */

import { useState } from "preact/hooks";
import { session } from "../session";
import { api, type Device, type Invitation } from "./api";
import {
  Act,
  Boxes,
  byName,
  chosen,
  day,
  Field,
  Form,
  Handed,
  list,
  Said,
  Trouble,
  text,
  useAct,
  useAsked,
} from "./bits";
import { words } from "./words";

const say = words.devices;
/** Scopes that a program without a unit can be given. */
const FREE = ["alarms", "positions", "room", "audit"];
const has = (...roles: string[]) => roles.some((role) => session.value?.roles.includes(role));

export function Devices() {
  const { found, problem, again } = useAsked(api.devices);
  if (!found) return <Trouble text={problem} />;
  return (
    <>
      {has("supervisor", "administrator") ? <Invite again={again} /> : null}
      <ul class="rows wide">
        {found.devices.map((device) => (
          <Row key={device.id} device={device} again={again} />
        ))}
      </ul>
      {found.devices.length ? null : <p>{say.nothing}</p>}
      {has("administrator") ? <Program again={again} /> : null}
      {has("administrator") ? <Consoles /> : null}
    </>
  );
}

function Invite({ again }: { again: () => Promise<void> }) {
  const units = useAsked(api.units);
  const [handed, setHanded] = useState<{ device: string; invitation: Invitation } | null>(null);
  if (handed)
    return (
      <Handed
        what={say.inviteWhat(handed.device)}
        invitation={handed.invitation}
        close={() => {
          setHanded(null);
          void again();
        }}
      />
    );
  return (
    <Form
      title={say.invite}
      go={say.go}
      send={async (data) => {
        const device = text(data, "device");
        setHanded({ device, invitation: await api.inviteDevice(device, text(data, "unit")) });
        await again();
        return undefined;
      }}
    >
      <Field label={say.id} name="device" required maxLength={32} pattern="[A-Za-z0-9._\-]+" />
      <label class="field">
        <span>{say.unit}</span>
        <select name="unit">
          <option value="">{say.unitNone}</option>
          {(units.found?.units ?? []).map((unit) => (
            <option key={unit.id} value={unit.id}>
              {unit.callsign}
            </option>
          ))}
        </select>
      </label>
    </Form>
  );
}

function Row({ device, again }: { device: Device; again: () => Promise<void> }) {
  const live = device.state === "enrolled" || device.state === "invited";
  const facts = [
    device.unit ? say.of(device.unit.toUpperCase()) : "",
    say.may(list(device.scopes, words.scope)),
    device.key ? say.key : "",
    say.by(byName(device.by), day(device.since_us)),
    device.expires_us ? say.until(day(device.expires_us)) : "",
    say.used(day(device.used_us)),
  ];
  return (
    <li class={live ? "" : "gone"}>
      <div class="who">
        <b>{device.id}</b>
        <small>{say.state[device.state] ?? device.state}</small>
      </div>
      <p>{facts.filter(Boolean).join("; ")}</p>
      {live && has("dispatcher", "supervisor", "administrator") ? (
        <Revoke device={device.id} again={again} />
      ) : null}
    </li>
  );
}

/** One press and a reason: a lost phone does not wait for a second question. */
function Revoke({ device, again }: { device: string; again: () => Promise<void> }) {
  const { waiting, said, run } = useAct();
  return (
    <form
      class="act"
      onSubmit={(event) => {
        event.preventDefault();
        const why = text(new FormData(event.currentTarget), "why");
        void run(async () => {
          await api.revoke(device, why);
          await again();
          return say.revoked(device);
        });
      }}
    >
      <select name="why" aria-label={`${say.why}: ${device}`}>
        {Object.entries(say.reasons).map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit" disabled={waiting} aria-label={`${say.revoke} ${device}`}>
        {say.revoke}
      </button>
      <Said said={said} />
    </form>
  );
}

/** Browsers in rooms that others cannot walk into: sessions there do not lock for idleness. */
function Consoles() {
  const { found, problem, again } = useAsked(api.consoles);
  if (!found) return <Trouble text={problem} />;
  return (
    <>
      <Form
        title={say.consoles}
        go={say.consoleGo}
        send={async (data) => {
          const name = text(data, "name");
          await api.secureConsole(name);
          await again();
          return say.consoleMade(name);
        }}
      >
        <p>{say.consoleWhat}</p>
        <Field label={say.consoleName} name="name" required maxLength={60} />
      </Form>
      <ul class="rows wide">
        {found.consoles.map((one) => (
          <li key={one.id}>
            <div class="who">
              <b>{one.name}</b>
            </div>
            <p>{say.by(byName(one.by), day(one.made_us))}</p>
            <Act
              name={say.consoleOff}
              label={`${say.consoleOff}: ${one.name}`}
              act={async () => {
                await api.dropConsole(one.id);
                await again();
                return undefined;
              }}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

function Program({ again }: { again: () => Promise<void> }) {
  const [token, setToken] = useState("");
  return (
    <Form
      title={say.program}
      go={say.programGo}
      send={async (data) => {
        const days = Number(text(data, "days"));
        const made = await api.newToken(text(data, "name"), chosen(data, "scopes"), days);
        setToken(made.token);
        await again();
        return undefined;
      }}
    >
      <Field
        label={say.programName}
        name="name"
        required
        maxLength={32}
        pattern="[A-Za-z0-9._\-]+"
      />
      <Boxes legend={say.scopes} name="scopes" known={words.scope} of={FREE} />
      <Field label={say.days} name="days" type="number" min={1} max={366} value={90} />
      {token ? (
        <p role="status">
          {say.token} <code class="secret">{token}</code>
        </p>
      ) : null}
    </Form>
  );
}
