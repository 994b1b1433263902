/** The top bar: how live the picture is, how fresh the positions are, the sound, the time. */

import { useComputed } from "@preact/signals";
import { connection, lost, pictureMs } from "../connection";
import { door } from "../door";
import { dropKept } from "../kept";
import { lockNow } from "../lock";
import { locked } from "../session";
import { muteLeftMs, ready, sounding, toggleMute, wake } from "../sound";
import * as store from "../store";
import { choice, setTheme } from "../theme";
import { clockTime, now, span } from "../time";
import { words } from "../words";
import { Key } from "./bits";

const FRESH_S = 5;
const OLD_S = 30;
const say = words.top;

export function TopBar() {
  return (
    <header class="top">
      <a class="skip" href="#queue">
        {say.skip}
      </a>
      <b class="brand">{words.name}</b>
      <span class="city">{store.room.value?.city.name}</span>
      {/* Left of what grows when the sound wakes: a first click must not miss it. */}
      <a class="who-am-i" href="/people" title={say.people}>
        {store.session.value?.name}
      </a>
      <span class="grow" />
      <ThemeSwitch />
      <Sound />
      <Live />
      {locked.value ? null : <Positions />}
      <time class="wall" title={say.clock}>
        <Wall />
      </time>
      {locked.value ? null : (
        <button type="button" class="quiet" onClick={() => void lockNow()}>
          {say.lock} <Key>Alt L</Key>
        </button>
      )}
      <button
        type="button"
        class="quiet"
        onClick={() => {
          dropKept();
          void door.signOut().finally(() => location.reload());
        }}
      >
        {say.signOut}
      </button>
    </header>
  );
}

const Wall = () => <>{clockTime(now.value)}</>;

function ThemeSwitch() {
  const order = ["auto", "dark", "light"] as const;
  const next = order[(order.indexOf(choice.value) + 1) % order.length]!;
  return (
    <button
      type="button"
      class="quiet"
      title={say.themeLabel}
      aria-label={`${say.themeLabel}: ${say.theme[choice.value]}`}
      onClick={() => setTheme(next)}
    >
      {say.theme[choice.value]}
    </button>
  );
}

function Sound() {
  if (!ready.value)
    return (
      <button type="button" class="sound-off" onClick={wake}>
        {say.soundOff}
      </button>
    );
  const left = muteLeftMs.value;
  return (
    <button
      type="button"
      class={`quiet ${left > 0 ? "muted" : ""}`}
      data-sounding={sounding.value}
      onClick={toggleMute}
    >
      {left > 0 ? say.soundMuted(span(left)) : say.soundOn} <Key>F8</Key>
    </button>
  );
}

function Live() {
  const { state, behindS } = connection.value;
  if (state === "lost")
    return (
      <span class="live gone" role="status">
        <i class="dot" />
        <b>{say.lost(span(behindS * 1000))}</b>
      </span>
    );
  if (state === "connecting") return <span class="live">{say.connecting}</span>;
  return (
    <span class={`live ${state}`}>
      <i class="dot" />
      {state === "live" ? <b>{say.live}</b> : null} {say.behind(behindS.toFixed(1))}
    </span>
  );
}

/** Counts by age once a second; a unit without a device's position counts as old. */
function Positions() {
  const counts = useComputed(() => {
    now.value;
    store.unitsRev.value;
    const all = { fresh: 0, all: 0, old: 0 };
    if (lost.value) pictureMs.value;
    for (const unit of store.everyUnit()) {
      const age = store.positionAge(unit);
      all.all++;
      if (age <= FRESH_S) all.fresh++;
      else if (age > OLD_S) all.old++;
    }
    return all;
  });
  const { fresh, all, old } = counts.value;
  return (
    <span class="positions">
      {say.positions(fresh, all)}
      {old > 0 ? <b>{say.old(old)}</b> : null}
    </span>
  );
}
