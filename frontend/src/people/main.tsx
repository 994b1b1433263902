/** The page of people: one's own part for everybody, and what the roles allow beside it. */

import "../styles/people-page.css";
import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { render } from "preact";
import { door } from "../door";
import { session } from "../session";
import { theme } from "../theme";
import { Crews } from "./Crews";
import { Devices } from "./Devices";
import { Me } from "./Me";
import { Requests } from "./Requests";
import { Review } from "./Review";
import { Sharing } from "./Sharing";
import { Staff } from "./Staff";
import { words } from "./words";

type Name = keyof typeof words.tabs;

const TAKERS = ["call_taker", "dispatcher"];
const LEADS = ["supervisor", "auditor", "administrator"];
/** Who is shown which tab: what the server's table of rules allows to be read. */
const TABS: { name: Name; roles: string[] | null; Panel: ComponentType }[] = [
  { name: "me", roles: null, Panel: Me },
  { name: "staff", roles: LEADS, Panel: Staff },
  { name: "crews", roles: [...TAKERS, ...LEADS], Panel: Crews },
  { name: "devices", roles: LEADS, Panel: Devices },
  { name: "requests", roles: ["supervisor", "administrator"], Panel: Requests },
  { name: "sharing", roles: LEADS, Panel: Sharing },
  { name: "review", roles: ["auditor", "administrator"], Panel: Review },
];

const trouble = signal("");
const tab = signal<Name>(fromAddress());
const looked = signal(false);

function fromAddress(): Name {
  const name = location.hash.slice(1);
  return name in words.tabs ? (name as Name) : "me";
}

async function look(): Promise<void> {
  try {
    session.value = await door.session();
    trouble.value = "";
  } catch (error) {
    trouble.value = (error as Error).message;
  }
  looked.value = true;
}

function Page() {
  const who = session.value;
  if (!looked.value || trouble.value) return <Notice says={trouble.value || words.looking} />;
  if (!who?.person) return <Notice says={words.signInFirst} way={words.signInAt} />;
  if (who.locked) return <Notice says={words.lockedFirst} way={words.unlockAt} />;
  const tabs = TABS.filter(({ roles }) => !roles || roles.some((role) => who.roles.includes(role)));
  const shown = tabs.find(({ name }) => name === tab.value) ?? tabs[0]!;
  return (
    <div class="page">
      <header class="head">
        <b class="brand">callout</b>
        <h1>{words.title}</h1>
        <span class="grow" />
        <span>{who.name}</span>
        <a href="/">{words.back}</a>
        <button
          type="button"
          class="quiet"
          onClick={() => void door.signOut().finally(() => location.assign("/"))}
        >
          {words.signOut}
        </button>
      </header>
      <Tabs names={tabs.map(({ name }) => name)} shown={shown.name} />
      <main>
        <div class="tab" id="panel" role="tabpanel" aria-labelledby={`tab-${shown.name}`}>
          <shown.Panel />
        </div>
      </main>
    </div>
  );
}

/** Arrows move among the tabs (WAI-ARIA Authoring Practices, Tabs with automatic activation). */
function Tabs({ names, shown }: { names: Name[]; shown: Name }) {
  const go = (name: Name) => {
    tab.value = name;
    history.replaceState(null, "", `#${name}`);
  };
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };
    const step = steps[event.key];
    if (!step) return;
    const next = names[(names.indexOf(shown) + step + names.length) % names.length]!;
    go(next);
    document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div class="page-tabs" role="tablist" aria-label={words.title} onKeyDown={move}>
      {names.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={name === shown}
          aria-controls="panel"
          tabIndex={name === shown ? 0 : -1}
          onClick={() => go(name)}
        >
          {words.tabs[name]}
        </button>
      ))}
    </div>
  );
}

const Notice = ({ says, way }: { says: string; way?: string }) => (
  <main class="sign-in">
    <b class="brand">callout</b>
    <p role="status">{says}</p>
    {way ? (
      <p>
        <a class="button big main" href="/">
          {way}
        </a>
      </p>
    ) : null}
  </main>
);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
addEventListener("hashchange", () => {
  tab.value = fromAddress();
});
render(<Page />, document.querySelector("#app")!);
void look();
// Roles and locks change while a page stands open: what it shows follows when it is looked at.
addEventListener("focus", () => void look());
