/** The whole page, region by region, as the design lays them out. */

import { useEffect } from "preact/hooks";
import { lost } from "../connection";
import { draft, formOpen, helpOpen, tab } from "../desk";
import { MapPanel } from "../map/MapPanel";
import { locked } from "../session";
import * as store from "../store";
import { theme } from "../theme";
import { words } from "../words";
import { AlarmStrip } from "./AlarmStrip";
import { DrillBar, LostBar, MaydayBar, StoppedBar, StorageBar } from "./Bars";
import { Board } from "./Board";
import { Card } from "./Card";
import { CommandLine } from "./CommandLine";
import { Help } from "./Help";
import { Lock } from "./Lock";
import { NewIncident } from "./NewIncident";
import { PlaceForm } from "./PlaceForm";
import { Queue } from "./Queue";
import { TopBar } from "./TopBar";
import { Who } from "./Who";

export function Room() {
  const drill = store.room.value?.drill ?? false;
  useEffect(() => {
    document.documentElement.dataset.theme = theme.value;
  }, [theme.value]);
  return (
    <div class={`room tab-${tab.value} ${lost.value ? "is-lost" : ""} ${drill ? "is-drill" : ""}`}>
      <TopBar />
      <DrillBar />
      <LostBar />
      <StorageBar />
      <StoppedBar />
      <MaydayBar />
      <AlarmStrip />
      {locked.value ? <Lock /> : <Work />}
    </div>
  );
}

/** All that a locked console does not show. */
function Work() {
  return (
    <>
      <Tabs />
      <main>
        <Queue />
        <div class="middle">
          <MapPanel />
          <Board />
        </div>
        <div class="side">
          <Side />
        </div>
      </main>
      <CommandLine />
    </>
  );
}

function Side() {
  if (helpOpen.value) return <Help />;
  if (formOpen.value && draft.value?.incident) return <PlaceForm />;
  if (formOpen.value && draft.value) return <NewIncident />;
  return (
    <>
      <Card />
      <Who />
    </>
  );
}

/** Only on narrow screens, where one region shows at a time. */
function Tabs() {
  const names = {
    queue: words.queue.region,
    map: words.map.region,
    card: words.card.region,
    board: words.board.region,
  };
  return (
    <nav class="tabs">
      {(Object.keys(names) as (keyof typeof names)[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={tab.value === name}
          onClick={() => {
            tab.value = name;
          }}
        >
          {names[name]}
        </button>
      ))}
    </nav>
  );
}
