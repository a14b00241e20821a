#!/bin/sh
# Lets a name in the DNS mean this machine when it becomes primary, by a signed dynamic update
# (RFC 2136). Clients follow when their copy of the record has run out: give it a short time to
# live, and know that some keep it for longer. An address that moves is quicker.
#
#   hooks:
#     after: [/etc/hotspare/dns-update.sh]
#
# Needs nsupdate (Debian: bind9-dnsutils), a key that only root can read (tsig-keygen), a name
# server that lets this key change this name, and /etc/hotspare/dns-update.conf:
#
#   SERVER=ns1.example.com
#   ZONE=example.com.
#   NAME=www.example.com.
#   ADDRESS=192.0.2.10                      # of this machine
#   TTL=30
#   KEY=/etc/hotspare/dns-update.key
set -eu

# Only who becomes primary does something.
[ "$HOTSPARE_ROLE" = primary ] || exit 0

conf=${DNS_UPDATE_CONF:-/etc/hotspare/dns-update.conf}
# shellcheck source=/dev/null
. "$conf"

case $ADDRESS in
  *:*) type=AAAA ;;
  *) type=A ;;
esac

# One update, so that nobody finds the name without an address in between.
nsupdate -t 8 -k "$KEY" <<END
server $SERVER
zone $ZONE
update delete $NAME $type
update add $NAME $TTL $type $ADDRESS
send
END
echo "$NAME means $ADDRESS, epoch $HOTSPARE_EPOCH"
