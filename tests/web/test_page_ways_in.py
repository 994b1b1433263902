"""Ways in, by a real browser: its own authenticator, and a provider on another site."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from running import Running
from staffed import PASSWORD, staffed

with warnings.catch_warnings():
    # It still uses authlib.jose, and authlib's client on httpx; both warn when imported.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from oidc_provider_mock import run_server_in_thread

pytestmark = [
    pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning"),
    # Also the provider's, from within authlib.
    pytest.mark.filterwarnings(r"ignore:get_jwt_config\(self, grant\):DeprecationWarning"),
]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ways")
    with run_server_in_thread() as real, pytest.MonkeyPatch.context() as patch:
        city = {
            "id": "city",
            "name": "City login",
            "issuer": f"http://127.0.0.1:{real.server_port}",
            "client_id": "callout",
            "client_secret": "s3cret",
            "people": {"c-1": "ana"},
        }
        (folder / "oidc.json").write_text(json.dumps({"providers": [city]}))
        patch.setenv("CALLOUT_OIDC", str(folder / "oidc.json"))
        with staffed(folder / "home", town) as running:
            yield running


IN_THE_BROWSER = """async ({name, password}) => {
  const post = async (path, body) => {
    const answer = await fetch(path, {method: 'POST', body: JSON.stringify(body),
      headers: {'content-type': 'application/json'}});
    if (!answer.ok) throw new Error(path + ' ' + answer.status + ' ' + await answer.text());
    return answer.status === 204 ? null : answer.json();
  };
  const use = async (what, path) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      await post('/api/passkeys/options', {for: what}));
    await post(path, {credential: (await navigator.credentials.get({publicKey})).toJSON()});
    return (await fetch('/api/session')).json();
  };
  await post('/api/session', {name, password});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    await post('/api/passkeys/options', {for: 'add'}));
  const made = await navigator.credentials.create({publicKey});
  await post('/api/me/passkeys', {credential: made.toJSON(), label: 'This browser'});
  await fetch('/api/session', {method: 'DELETE'});
  const entered = await use('sign-in', '/api/passkeys/sign-in');
  await post('/api/session/lock', {});
  const locked = (await (await fetch('/api/session')).json()).locked;
  const unlocked = await use('unlock', '/api/passkeys/unlock');
  return [entered.person, locked, unlocked.locked];
}"""


@pytest.mark.browser
def test_a_browsers_own_authenticator(up: Running, page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto(up.url.replace("127.0.0.1", "localhost") + "/api")
    said = page.evaluate(IN_THE_BROWSER, {"name": "ana", "password": PASSWORD})
    assert said == ["ana", "idle", None]


@pytest.mark.browser
def test_in_a_browser_the_next_page_is_signed_in(up: Running, page: Page) -> None:
    """The provider's site (127.0.0.1) is not the room's (localhost), as in earnest."""
    room = up.url.replace("127.0.0.1", "localhost")
    page.goto(f"{room}/api/oidc/city/start")
    assert page.url.startswith("http://127.0.0.1:")
    page.locator("input[name=sub]").fill("c-1")
    with page.expect_request(f"{room}/") as asked:
        page.locator("button[type=submit]:not([value=deny])").first.click()
    assert "callout_session=" in asked.value.all_headers().get("cookie", "")
    page.wait_for_url(f"{room}/")
    said = page.evaluate("async () => (await fetch('/api/session')).json()")
    assert said["person"] == "ana"
