/** What is one's own: shift, sessions, passkeys, code, requests, and all that is kept about one. */

import { useState } from "preact/hooks";
import { makePasskey, passkeysHere } from "../passkey";
import { session } from "../session";
import { api, type Me as Mine, type Request } from "./api";
import {
  Act,
  agencyName,
  Boxes,
  byName,
  chosen,
  Field,
  Form,
  list,
  Qr,
  Trouble,
  text,
  useAsked,
  when,
} from "./bits";
import { words } from "./words";

const say = words.me;
const HOURS = 8;

export function Me() {
  const { found: me, problem, again } = useAsked(api.me);
  const asks = useAsked(api.requests);
  if (!me) return <Trouble text={problem} />;
  return (
    <div class="columns">
      <Shift me={me} again={again} />
      <Sessions me={me} again={again} />
      <Passkeys me={me} again={again} />
      <Code me={me} again={again} />
      <Asks
        mine={(asks.found?.requests ?? []).filter((one) => one.person === me.person)}
        again={asks.again}
      />
      <section class="box">
        <h2>{say.report}</h2>
        <p>{say.reportWhat}</p>
        <Act name={say.reportGo} act={download} />
      </section>
    </div>
  );
}

interface Part {
  me: Mine;
  again: () => Promise<void>;
}

function Shift({ me, again }: Part) {
  const own = [...new Set(me.why.map((why) => why.role))];
  return (
    <section class="box">
      <h2>{me.name}</h2>
      <p>
        {say.agency}: {agencyName(me.agency)}
      </p>
      <ul class="plain">
        {me.why.map((why) => (
          <li key={why.role}>
            {say.why(words.role[why.role] ?? why.role, byName(why.by), when(why.since_us))}
          </li>
        ))}
        {me.granted.map((one) => (
          <li key={`${one.roles} ${one.ends_us}`}>
            {say.grantedUntil(list(one.roles, words.role), byName(one.by), when(one.ends_us))}
          </li>
        ))}
      </ul>
      <p role="status">
        {me.shift
          ? say.onShift(list(me.shift.roles, words.role), when(me.shift.ends_us))
          : say.offShift}
      </p>
      <Form
        title={say.shift}
        go={say.signOn}
        send={async (data) => {
          await api.signOn(chosen(data, "roles"), Number(text(data, "hours")));
          await again();
          return undefined;
        }}
      >
        <Boxes
          legend={say.roles}
          name="roles"
          known={words.role}
          of={own}
          on={me.shift?.roles ?? own}
        />
        <Field label={say.hours} name="hours" type="number" min={1} max={24} value={HOURS} />
      </Form>
      <p>{say.signOffWhat}</p>
      <Act
        name={say.signOff}
        act={async () => {
          await api.signOff();
          location.assign("/");
          return undefined;
        }}
      />
    </section>
  );
}

function Sessions({ me, again }: Part) {
  return (
    <section class="box">
      <h2>{say.sessions}</h2>
      <ul class="rows">
        {me.sessions.map((one) => {
          const what = say.session(
            list(one.ways, words.way),
            when(one.opened_us),
            when(one.seen_us),
          );
          return (
            <li key={one.id}>
              <span>
                {one.current ? <b>{say.this}: </b> : null}
                {what}
                {one.secured ? `, ${say.secured}` : ""}
              </span>
              <Act
                name={say.close}
                label={`${say.close}: ${what}`}
                act={async () => {
                  await api.closeSession(one.id);
                  if (one.current) location.assign("/");
                  else await again();
                  return undefined;
                }}
              />
            </li>
          );
        })}
      </ul>
      <Act
        name={say.closeOthers}
        act={async () => {
          const { closed } = await api.closeOthers();
          await again();
          return say.closed(closed);
        }}
      />
    </section>
  );
}

function Passkeys({ me, again }: Part) {
  return (
    <section class="box">
      <h2>{say.passkeys}</h2>
      {me.passkeys.length ? null : <p>{say.noPasskeys}</p>}
      <ul class="rows">
        {me.passkeys.map((one) => (
          <li key={one.id}>
            <span>
              <b>{one.label}</b>{" "}
              {say.passkey(when(one.made_us), one.used_us ? when(one.used_us) : words.never)}
            </span>
            <Act
              name={say.remove}
              label={`${say.remove} ${one.label}`}
              sure={`${say.remove.toLowerCase()} ${one.label}`}
              act={async () => {
                await api.dropPasskey(one.id);
                await again();
                return undefined;
              }}
            />
          </li>
        ))}
      </ul>
      {passkeysHere() ? (
        <Form
          title={say.addPasskey}
          go={say.addPasskey}
          send={async (data) => {
            const credential = await makePasskey("add");
            await api.addPasskey(credential, text(data, "label"));
            await again();
            return undefined;
          }}
        >
          <Field label={say.passkeyLabel} name="label" required maxLength={60} />
        </Form>
      ) : (
        <p>{say.noPasskeysHere}</p>
      )}
    </section>
  );
}

function Code({ me, again }: Part) {
  const [made, setMade] = useState<{ secret: string; uri: string; qr: string } | null>(null);
  const [recovery, setRecovery] = useState<string[]>([]);
  if (!me.login) return null; // who has no password is asked for no code
  return (
    <section class="box">
      <h2>{say.code}</h2>
      <p>{me.code ? say.codeOn : say.codeOff}</p>
      {recovery.length ? (
        <div role="status">
          <p>{say.recovery}</p>
          <ol class="codes">
            {recovery.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ol>
        </div>
      ) : null}
      {me.code ? (
        <Act
          name={say.codeDrop}
          sure={say.codeDrop.toLowerCase()}
          act={async () => {
            await api.dropCode();
            setRecovery([]);
            await again();
            return undefined;
          }}
        />
      ) : made ? (
        <>
          <p>{say.codeScan}</p>
          <Qr svg={made.qr} label={words.qr.label(say.code)} />
          <p>
            {say.secret}: <code class="secret">{made.secret}</code>
          </p>
          <Form
            title={say.confirm}
            go={say.confirm}
            send={async (data) => {
              const answer = await api.confirmCode(text(data, "code").replaceAll(" ", ""));
              setRecovery(answer.recovery);
              setMade(null);
              await again();
              return undefined;
            }}
          >
            <Field label={say.codeShown} name="code" inputMode="numeric" required maxLength={10} />
          </Form>
        </>
      ) : (
        <Form
          title={say.codeSetUp}
          go={say.codeSetUp}
          send={async (data) => {
            setMade(await api.newCode(String(data.get("password"))));
            return undefined;
          }}
        >
          <Field
            label={say.password}
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </Form>
      )}
    </section>
  );
}

function Asks({ mine, again }: { mine: Request[]; again: () => Promise<void> }) {
  const own = session.value?.roles ?? [];
  return (
    <section class="box">
      <h2>{say.asks}</h2>
      <ul class="rows">
        {mine.map((one) => (
          <li key={one.id}>
            <span>
              {list(one.roles, words.role)}, {one.hours} h:{" "}
              <b>{words.requests.state[one.state] ?? one.state}</b>
              {one.by ? ` (${byName(one.by)})` : ""}
            </span>
            {one.state === "asked" ? (
              <Act
                name={say.takeBack}
                act={async () => {
                  await api.deny(one.id);
                  await again();
                  return undefined;
                }}
              />
            ) : null}
          </li>
        ))}
      </ul>
      <Form
        title={say.ask}
        go={say.askGo}
        send={async (data) => {
          await api.ask(chosen(data, "roles"), Number(text(data, "hours")), text(data, "reason"));
          await again();
          return say.asked;
        }}
      >
        <Boxes
          legend={say.roles}
          name="roles"
          known={words.role}
          of={Object.keys(words.role).filter((role) => !own.includes(role))}
        />
        <Field label={say.hours} name="hours" type="number" min={1} max={24} value={HOURS} />
        <Field label={say.reason} name="reason" required maxLength={500} />
      </Form>
    </section>
  );
}

async function download(): Promise<undefined> {
  const report = await api.report();
  const file = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `callout-${session.value?.person ?? "report"}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
