"""Secrets as people write them are found, and no more than they; what only looks like one is left alone."""

from __future__ import annotations

import html

import pytest
from secret_examples import ORGANIZATION, SESSION_ID, WRITTEN

from sfmtls_nb.scrub.scan import secrets_in

ORDINARY = [
    'Secret("Password: "), Secret("Passphrase of the key"), Secret(os.environ["SF_PASSWORD_2"]), Secret(f"{pw}")',
    "Secret('••••'), Secret(getpass('Password: ')), Secret(password), class Secret(str): pass, mySecret('hunter2')",
    "%sf_login me@example.com\n%sf_login me@example.com  # the password is asked for, hunter2",
    "%sf_login s << me@example.com --out session2 --form\n%sf_login me@example.com --form;\n%sf_login",
    "`%sf_login me@example.com` signs in, and <code>%sf_login me@example.com</code> asks for the password",
    "%sf_login me@example.com --way client-credentials\n%sf_login me@example.com --way jwt --consumer-key 3MVG9abc1 --key jwt2.key",
    "%sf_login --way jwt --secret-from env:JWT_PASS2 me@example.com\n%sf_login me@example.com --secret-from keyring:acme2/me",
    "%sf_login --way session --instance-url https://acme2.my.salesforce.com --paste",
    "https://acme/x?code=302&state=1 https://acme/x?code=YOUR_CODE",
    'ClientCredentials("3MVG9abc1", getpass("Consumer secret: ")), ClientCredentials("CONSUMER_KEY", "CONSUMER_SECRET")',
    'WebLogin("3MVG9abc1", "http://localhost:1717/OauthRedirect"), JwtBearer("3MVG9abc1", "me1@x.org", "jwt1.key")',
    'ExistingSession(session.session_id, "https://acme1.my.salesforce.com"), ExistingSession("SESSION_ID", url)',
    'keyring.set_password("acme1", "me1", getpass()); config.setSessionId(System.getenv("SF_SESSION_ID"));',
    'java -Djavax.net.ssl.keyStorePassword="$PASS1" P; newman run c1.json --ssl-client-passphrase "$PASS1"',
    'export SF_SESSION_ID="$SID1"; curl -H "Authorization: Bearer ${SF_SESSION_ID}"; https://x/y?sid=SESSION_ID&a=1',
    "%sf_login me@example.com $SF_PASSWORD\n%sf_login {user} {password}\n%sf_login me@example.com -p $PASSWORD",
    "%sf_rest limits --port 8443 --path /services2 --expect SomeFault\n%sf_login --password-file client2.txt",
    "%sf_handshake acme.example:8443 --tls 1.3 --beside older2",
    "the magic %sf_login refuses -p because a cell is saved",
    "ls -p hunter2secret; mkdir -p folder2",
    "os.getcwd(); pwd = os.getcwd(); PWD=/home/jovyan; export PWD=/home/jovyan; pwd = '~/work'; $pwd = 'C:\\Users'",
    "{'PWD': '/home/jovyan', 'OLDPWD': '/tmp', 'passwd': None}",
    'import upw; upw = "abcdefgh1"; invalid token: "abcdefgh1"',
    'curl -u "$USER:$PASS" -u me -u me: -u me:$(cat pw2) -u user:password -u "${A}:${B1}" -u <user>:<password> https://acme',
    "docker run -u 1000:1000 --user jovyan:users2 image; rsync -u host:folder2",
    "https://host/path:with@sign https://host:8443/a@b https://host:8443 mailto:me@example.com https://me@example.com/",
    "https://user:password@host/ https://me:${PW}@host/ https://{user}:{pw}@{host}/ ssh://git@host:2222/x@y",
    'requests.get("https://host/", params={"a": "b:c"}); x = "@"',
    "X-SFDC-Session: the session id; {'X-SFDC-Session': session.session_id.reveal(), \"X-SFDC-Session\": session_id2}",
    "X-SFDC-Session: {session_id} X-SFDC-Session: $SID1 X-SFDC-Session: 00D36000000bLGT!••••",
    "{'sessionId': session['sessionId2'], 'session_id': '12345678', 'sessionId': 'my-spark-session'}",
    'session_id = "4fbc2a5e-0d3f-4a52-9c0e-2b8a1b6d7c11"; {"sessionId": "00D36000000bLGT!••••"}',
    '{"assertion": "toBeTruthy", "assertion": "x is 2", "assertion": "must-hold"}; assertion = build()',
    '{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZpt", "e": "AQAB"} {"d": "X4cTteJY_gn4FYPsXB8rdXi"}',
    '{"kty": "RSA", "d": "…"} {"kty": "RSA", "d": "..."}',
    "Text(value='https://acme/1', description='Token URL'), Text(value='hunter2'), Password(description='Password')",
    "Text(value='me@example.com', description='User'), Label(value='hunter2', description='Password')",
    "30 82 04 bd is how a key in DER begins: 3082; b'0\\x82\\x04\\xbd\\x02\\x01\\x00'",
    "prefix = b'0.\\x02\\x01\\x000\\x05\\x06\\x03+en\\x04\"\\x04 '\n    with self.zeroed() as data:\n        data[0:16] = prefix",
    "x = 'abc1' 'def2' \"ghi3\" + \"jkl4\"",
    f"Org Id {ORGANIZATION}, {ORGANIZATION}EAY! Well",
    f"{ORGANIZATION}!•••• and {ORGANIZATION}!…",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd9-8f00-b204-e980-0998ecf8427e",
    "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
    "-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN...\n-----END PRIVATE KEY-----",
    'if "-----BEGIN PRIVATE KEY-----" in text:\n    key = load_pem_private_key(text.encode(), password=None)\n'
    'if "-----END PRIVATE KEY-----" in text:\n    pass',
    "password = getpass()",
    "password = getpass('Password: ')",
    'password = ""',
    'password = "..."',
    'password = "****"',
    'password = "••••"',
    'password = "INSERT_PASSWORD_HERE"',
    'password = "${SF_PASSWORD}"',
    'password = "{{ password }}"',
    'password = "<your password>"',
    'password = "YourPassword"',
    'password = "abc"',
    'password = f"{secret}"',
    'password = os.environ["SF_PASSWORD"]',
    'if password == "p455w0rd": pass',
    'print("Password: " + name + "!")',
    "if (url.password===other.password&&this.password=that.password&&more) {}",
    '"LOGIN_MUST_USE_SECURITY_TOKEN": "LoginFault"',
    "<n1:password>{password}{security_token}</n1:password>",
    '{"password": "string?"}',
    '"password="+quote(password)+"&x="',
    '{"username": "username", "password": "string"}',
    '{"password": "Please enter your password."}',
    "the flag --password is refused, use --password with care",
    "PasswordLogin(user, getpass())",
    'PasswordLogin("me@example.com", getpass("Password of me@example.com"))',
    "PasswordLogin(*practice.user('enforced'))",
    "<password></password><password>${PASSWORD}</password>",
    "<sessionId>${SF_SESSION_ID}</sessionId><sessionId>00D36000000bLGT!••••</sessionId>",
    'curl -H "Authorization: Bearer $ACCESS_TOKEN" -H "Authorization: Bearer <access token>"',
    "Authorization: Bearer YOUR_ACCESS_TOKEN",
    'headers = {"Authorization": f"Bearer {token}"}',
    'client_secret = "your_client_secret"',
    "client_secret=config.client_secret_of_version_2024",
    "grant_type=client_credentials&client_id=3MVG9abc&client_secret={secret}",
    "a JWT begins with eyJ and has three parts: eyJhbGciOi….….…",
    '[removed: private key] password = "[removed: password]" Authorization: Bearer [removed: access token]',
    "openssl rsa -passin pass:$PASSPHRASE -passin env:PW2 -passin file:pw2.txt; openssl -passin pass:<passphrase>",
    "the option -passin takes pass:password, and the pass:phrase is asked for",
    "os.getenv('PW', ''), os.getenv('SF_PASSWORD', 'changeme'), os.environ.get('SF_PASSWORD', None), getenv('PW') or ask()",
    "fields.get('password', 'Enter your password here'), data.get('token_type', 'Bearer1'), row.get('name', 'hunter2')",
    "os.environ['SF_USER'] or 'hunter2'; os.environ['SF_PASSWORD'] or getpass('Password1')",
    "user, password = 'me@example.com', getpass(); user, password = sys.argv[1], '<password>'",
    "user, name = 'me@example.com', 'hunter2'; password, user = '...', 'hunter2'; user, password == 'a', 'hunter2'",
    "enforce_bytes(password, name='proxy_auth1'); unquote(password, encoding='utf-8'); f(\n  password, name='hunter2')",
    "password = (\n    getpass('Password 1: ')\n); password = (\n    'your password'\n)",
    "<password><![CDATA[${PASSWORD}]]></password><password><![CDATA[]]></password>",
    "Password: required\npassword: str\npassword: Secret | None\n  password: !vault x1\nPassword: the 1st one of the org",
    "class Login:\n    password: Secret2[str]\n    passphrase: bytes = b''\n    token: Token2\npassword: ${PASSWORD_1}",
    "SF_PASSWORD=$(cat pw2)\nSF_PASSWORD=\nSF_PASSWORD=<password1>\nPWD=/home/jovyan2\nTOKEN=token",
    "Salesforce('me@example.com', getpass('Password 1')), auth=('me', password1), auth=('user', 'password')",
    "curl --cert client2.pem https://acme -E client.pem:$PASSPHRASE --cert 'client.pem:<passphrase>'",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSJ9... and eyAiYWxnIjogIlJTMjU2IiB9 alone",
    "00D36000000bLGT!AQQAQMlp30Zpiy6... is how a session id begins",
    'password = "hunter..." or "p455..."; Authorization: Bearer 00D36000000...; {"access_token": "00D3600..."}',
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("name", WRITTEN)
def test_what_people_write_is_found_and_nothing_beside_it(name: str) -> None:
    text, secret, kind = WRITTEN[name]
    assert (secret, kind) in [(text[each.start : each.end], each.kind) for each in secrets_in(text)]


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_shown_of_a_secret_is_not_the_secret(name: str) -> None:
    text, secret, _ = WRITTEN[name]
    assert secret not in " ".join(each.shown for each in secrets_in(text))


@pytest.mark.parametrize("text", ORDINARY)
def test_placeholders_and_prose_stay(text: str) -> None:
    assert [] == [*secrets_in(text), *secrets_in(html.escape(text))]


@pytest.mark.parametrize("after", ["\nAccount", "\nand so on 2", "\n2026-11-26 Done", "\n\nuNx81kqPq2", " uNx81kqPq2"])
def test_what_follows_a_session_id_on_the_next_line_stays_unless_it_is_its_rest(after: str) -> None:
    (found,) = secrets_in(SESSION_ID + after)
    assert len(SESSION_ID) == found.end


def test_a_whole_session_id_takes_no_word_of_the_next_line() -> None:
    whole = SESSION_ID.ljust(112, "x")
    (found,) = secrets_in(f"{whole}\nuNx81kqPq2")
    assert len(whole) == found.end
