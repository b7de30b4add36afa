#!/bin/bash
# An agent with nothing but curl and openssl: makes a key, enrols it, gets a token, calls a tool.
#   bash agent.sh <server> <enrolment code>
set -euo pipefail
server=$1 code=$2
umask 077

b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
unhex() { local hex; read -r hex; printf "$(sed 's/../\\x&/g' <<<"$hex")"; }
now() { date +%s; }
id() { openssl rand -hex 16; }

openssl ecparam -name prime256v1 -genkey -noout -out agent-key.pem
point=$(openssl ec -in agent-key.pem -pubout -outform DER 2>/dev/null | tail -c 64 | od -An -v -tx1 | tr -d ' \n')
jwk="{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"$(unhex <<<"${point:0:64}" | b64)\",\"y\":\"$(unhex <<<"${point:64}" | b64)\"}"

# ES256 (RFC 7518 §3.4): openssl writes the two numbers as DER, a JWS has them side by side.
sign() {
  local text
  text="$(printf '%s' "$1" | b64).$(printf '%s' "$2" | b64)"
  local numbers
  numbers=$(printf '%s' "$text" | openssl dgst -sha256 -sign agent-key.pem | openssl asn1parse -inform DER |
    sed -n 's/.*INTEGER *://p' | while read -r n; do n=$(printf '%64s' "${n: -64}"); printf '%s' "${n// /0}"; done)
  printf '%s.%s' "$text" "$(unhex <<<"$numbers" | b64)"
}

# proof <url> <nonce> [token]
proof() {
  local ath=""
  [ -z "${3:-}" ] || ath=",\"ath\":\"$(printf '%s' "$3" | openssl dgst -sha256 -binary | b64)\""
  sign "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"jwk\":$jwk}" \
    "{\"jti\":\"$(id)\",\"htm\":\"POST\",\"htu\":\"$1\",\"iat\":$(now),\"nonce\":\"$2\"$ath}"
}

# The nonce comes with every answer, a refusal too.
nonce() { curl -s -o /dev/null -D - -X POST "$1" | tr -d '\r' | sed -n 's/^dpop-nonce: //Ip'; }

# One member of an answer; an answer without it is shown, and is the end.
member() {
  local answer
  answer=$(cat)
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$answer" | grep . || { echo "$answer" >&2; return 1; }
}

enrolled=$(curl -s "$server/v1/enrol" -H 'content-type: application/json' -d "{\"code\":\"$code\",\"jwk\":$jwk}")
me=$(member principal <<<"$enrolled" | head -1)
gateway=$(member gateway <<<"$enrolled")
resource="$gateway/mcp/shop"

assertion=$(sign '{"alg":"ES256","typ":"JWT"}' \
  "{\"iss\":\"$me\",\"sub\":\"$me\",\"aud\":\"$server\",\"jti\":\"$(id)\",\"iat\":$(now),\"exp\":$(($(now) + 60))}")
token=$(curl -s "$server/token" -H "dpop: $(proof "$server/token" "$(nonce "$server/token")")" \
  -d grant_type=client_credentials -d "client_id=$me" --data-urlencode "resource=$resource" \
  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer -d "client_assertion=$assertion" |
  member access_token)

curl -s "$resource" -H "authorization: DPoP $token" -H "dpop: $(proof "$resource" "$(nonce "$resource")" "$token")" \
  -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
  -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: tools/call' -H 'mcp-name: read_order' -d '{
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "read_order", "arguments": {"order": "8839"}, "_meta": {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}'
echo
