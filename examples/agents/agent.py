"""An agent with nothing but the standard library and `cryptography`: enrols its key once, gets a token, calls a tool.

python3 agent.py <server> <enrolment code, the first time>
"""
import base64, hashlib, json, os, sys, time, urllib.error, urllib.parse, urllib.request, uuid
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SERVER, CODE = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
KEY_FILE, NONCES = "agent-key.pem", {}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def load_key():
    if os.path.exists(KEY_FILE):
        return serialization.load_pem_private_key(open(KEY_FILE, "rb").read(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return key


KEY = load_key()
NUMBERS = KEY.public_key().public_numbers()
JWK = {"kty": "EC", "crv": "P-256", "x": b64(NUMBERS.x.to_bytes(32, "big")), "y": b64(NUMBERS.y.to_bytes(32, "big"))}


def sign(header, claims):
    text = b64(json.dumps({"alg": "ES256", **header}).encode()) + "." + b64(json.dumps(claims).encode())
    r, s = decode_dss_signature(KEY.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def proof(method, url, token=None):
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
    origin = "/".join(url.split("/")[:3])
    if origin in NONCES:
        claims["nonce"] = NONCES[origin]
    if token:
        claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
    return sign({"typ": "dpop+jwt", "jwk": JWK}, claims)


def post(url, make_body, headers=None, token=None):
    """Sends once, and once more when the server asks for its nonce. A proof and an assertion are never sent twice."""
    for last in (False, True):
        sent = {**(headers or {}), "dpop": proof("POST", url, token)}
        if token:
            sent["authorization"] = "DPoP " + token
        try:
            answer = urllib.request.urlopen(urllib.request.Request(url, make_body(), sent))
        except urllib.error.HTTPError as error:
            answer = error
        if answer.headers.get("dpop-nonce"):
            NONCES["/".join(url.split("/")[:3])] = answer.headers["dpop-nonce"]
        text = answer.read().decode()
        if answer.status < 400:
            return json.loads(text)
        if last or "use_dpop_nonce" not in text + answer.headers.get("www-authenticate", ""):
            sys.exit(f"{answer.status} {text}")


def token_for(resource):
    now = int(time.time())
    assertion = lambda: sign({"typ": "JWT"}, {"iss": ME, "sub": ME, "aud": SERVER, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60})
    form = lambda: urllib.parse.urlencode({
        "grant_type": "client_credentials", "client_id": ME, "resource": resource, "client_assertion": assertion(),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}).encode()
    return post(SERVER + "/token", form, {"content-type": "application/x-www-form-urlencoded"})["access_token"]


def call(system, tool, arguments):
    url = f"{GATEWAY}/mcp/{system}"
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": meta}}
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream",
               "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool}
    return post(url, lambda: json.dumps(body).encode(), headers, token_for(url))


if CODE:
    enrolled = post(SERVER + "/v1/enrol", lambda: json.dumps({"code": CODE, "jwk": JWK}).encode(), {"content-type": "application/json"})
    json.dump({"me": enrolled["principal"], "gateway": enrolled["gateway"]}, open("agent.json", "w"))
kept = json.load(open("agent.json"))
ME, GATEWAY = kept["me"], kept["gateway"]
print(json.dumps(call("shop", "read_order", {"order": "8839"})))
