# Media credentials: all fields of signaling, and sip on request. The console shows neither.
. "$(dirname "$0")/curl.sh"

ask 201 POST /webhooks --header "Authorization: $API_KEY" \
    --data 'url=http://127.0.0.1:9/hook&types=snapshot_update'
ask 201 POST /rooms --header "Authorization: $API_KEY" --data 'id=proof-signaling&user[name]=Ada'
take_key
for name in client_id conf_id auth_token endpoint stun_servers turn_servers urls username password; do
    says "\"$name\":"
done
says '"auth_token":"eyJ'
says_not '"sip":'
turn sip true
ask 200 POST /_sandbox/clock --data 'advance=2'
ask 200 GET "/rooms/$KEY"
for name in sip uri domain authorizationUser wsServers instanceId displayName turnServers registerExpires; do
    says "\"$name\":"
done
says 'conf.example.net'
ask 200 GET /rooms --header "Authorization: $API_KEY"
says '"sip":{"uri":"conf_'
ask 201 POST "/rooms/$KEY/snapshot"
ask 200 GET /_sandbox/deliveries
says '"sip":"…"'
says_not 'conf_'
turn sip false
end_room proof-signaling
