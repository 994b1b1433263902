/** Taking up an invitation: a person by a passkey or a password, a phone by one button. */

import "../styles/people-page.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { makePasskey, passkeysHere } from "../passkey";
import { api, type Looked } from "../people/api";
import { Act, agencyName, Field, Form, list, Said, text, useAct, when } from "../people/bits";
import { words } from "../people/words";
import { theme } from "../theme";

const say = words.enrol;

/** The code of the invitation; read once, and out of the address before anybody looks over. */
const code = signal(codeInAddress());
const looked = signal<Looked | null>(null);
const done = signal<{ unit: string } | null>(null);

function codeInAddress(): string {
  const found = decodeURIComponent(location.hash.slice(1));
  if (found) history.replaceState(null, "", location.pathname);
  return found;
}

async function look(typed: string): Promise<undefined> {
  looked.value = await api.look(typed);
  code.value = typed;
}

function Page() {
  const found = looked.value;
  return (
    <main class="sign-in enrol">
      <b class="brand">callout</b>
      {done.value ? (
        <Enrolled unit={done.value.unit} />
      ) : !found ? (
        <TypeIt />
      ) : found.kind === "staff" ? (
        <Person invitation={found} />
      ) : (
        <Phone invitation={found} />
      )}
    </main>
  );
}

function TypeIt() {
  return (
    <>
      <h1>{say.title}</h1>
      <Form title={say.typeIt} go={say.look} send={(data) => look(text(data, "code"))}>
        <Field
          label={say.code}
          name="code"
          required
          maxLength={40}
          value={code.value}
          autocapitalize="characters"
          spellcheck={false}
        />
      </Form>
      <Said said={{ text: wrong.value, bad: true }} />
    </>
  );
}

function Person({ invitation }: { invitation: Looked }) {
  const { waiting, said, run } = useAct();
  const byPasskey = async (label: string) => {
    const credential = await makePasskey("enrol", code.value);
    await api.enrolPasskey(code.value, credential, label);
    location.assign("/");
    return undefined;
  };
  return (
    <>
      <h1>{say.staff(invitation.name ?? "")}</h1>
      <p>
        {say.staffWhat(list(invitation.roles ?? [], words.role), agencyName(invitation.agency))}{" "}
        {say.until(when(invitation.expires_us))}
      </p>
      {passkeysHere() ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const label = text(new FormData(event.currentTarget), "label");
            void run(() => byPasskey(label));
          }}
        >
          <Field
            label={say.passkeyLabel}
            name="label"
            required
            maxLength={60}
            value={say.myPhone}
          />
          <button type="submit" class="big main" disabled={waiting}>
            {say.passkeyGo}
          </button>
          <Said said={said} />
        </form>
      ) : null}
      <Form
        title={say.orPassword}
        go={say.passwordGo}
        send={async (data) => {
          await api.enrolStaff(code.value, text(data, "login"), String(data.get("password")));
          location.assign("/");
          return undefined;
        }}
      >
        <Field label={say.login} name="login" autocomplete="username" required maxLength={100} />
        <Field
          label={say.password}
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minLength={10}
          maxLength={200}
          aria-describedby="password-how"
        />
        <small id="password-how">{say.passwordHow}</small>
      </Form>
    </>
  );
}

function Phone({ invitation }: { invitation: Looked }) {
  return (
    <>
      <h1>{say.device((invitation.unit ?? "").toUpperCase())}</h1>
      <p>{say.deviceMay}</p>
      <ul>
        {(invitation.scopes ?? []).map((scope) => (
          <li key={scope}>{words.scope[scope] ?? scope}</li>
        ))}
      </ul>
      <p>{say.deviceNot}</p>
      <div class="thumb">
        <Act
          name={say.deviceGo}
          act={async () => {
            const made = await api.enrolPhone(code.value);
            done.value = { unit: made.unit };
            return undefined;
          }}
        />
      </div>
      <p>{say.until(when(invitation.expires_us))}</p>
    </>
  );
}

const Enrolled = ({ unit }: { unit: string }) => (
  <>
    <div role="status">
      <h1>{say.enrolled(unit.toUpperCase())}</h1>
    </div>
    <p>{say.next}</p>
  </>
);

const wrong = signal("");
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
render(<Page />, document.querySelector("#app")!);
if (code.value)
  look(code.value).catch((error: Error) => {
    wrong.value = error.message;
  });
