#!/bin/sh
# Gives this machine a floating (elastic, reserved) address of a cloud provider when it becomes
# primary. Providers differ in the URL and in what they want to be sent: change `assign` to what
# yours documents.
#
#   hooks:
#     after: [/etc/hotspare/floating-ip.sh]
#     timeout: 30s
#
# Needs curl, and a file that only root can read, /etc/hotspare/floating-ip.conf:
#
#   API=https://api.example.com/v1          # where the provider's API is
#   ADDRESS_ID=1234                         # the floating address
#   SERVER_ID=5678                          # this machine
#   TOKEN=...                               # one that may move this address and nothing else
#   AGENT=http://127.0.0.1:7401             # this machine's agent: `api: {listen: ...}`
#
# The provider moves the address whoever asks: a primary that was cut off from the others does not
# give it up by itself. hotspare's gate keeps it from answering on the service addresses and ports
# of the configuration, so name the ports there (takeover: {ports: [80, 443]}).
set -eu

# Only who becomes primary does something.
[ "$HOTSPARE_ROLE" = primary ] || exit 0

conf=${FLOATING_IP_CONF:-/etc/hotspare/floating-ip.conf}
# shellcheck source=/dev/null
. "$conf"

# The token goes through standard input: on the command line everybody could read it.
assign() {
  printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" |
    curl --config - --silent --show-error --fail \
      --connect-timeout 3 --max-time 8 \
      --request POST \
      --header 'Content-Type: application/json' \
      --data "{\"server\": \"$SERVER_ID\"}" \
      "$API/floating-addresses/$ADDRESS_ID/assign"
}

# An attempt that comes late would take the address back from the node that has it by then. (The
# agent kills this hook when the node gives its role up; what was sent before cannot be called back.)
is_primary() {
  curl --silent --fail --output /dev/null --max-time 2 "$AGENT/primary"
}

# Assigning twice does no harm, so what fails is tried again, within the hook's timeout.
for attempt in 1 2 3; do
  is_primary || { echo "not the primary any more" >&2; exit 1; }
  if assign; then
    echo "address $ADDRESS_ID is assigned to server $SERVER_ID, epoch $HOTSPARE_EPOCH"
    exit 0
  fi
  echo "attempt $attempt failed" >&2
  sleep 1
done
exit 1
