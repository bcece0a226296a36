# Booleans: `1 t true on yes` and `0 f false off no` in any case, in forms, queries and JSON. Else 400.
. "$(dirname "$0")/curl.sh"

ask 201 POST /rooms --header "Authorization: $API_KEY" --data 'id=proof-booleans&user[name]=Ada'
take_key
for yes in 1 t true on yes True ON; do
    ask 200 POST "/rooms/$KEY/layout" --data 'show_names=0'
    ask 200 POST "/rooms/$KEY/layout" --data "show_names=$yes"
    ask 200 GET "/rooms/$KEY"
    says '"show_names":true'
done
for no in 0 f false off no False NO; do
    ask 200 POST "/rooms/$KEY/layout?show_names=yes"
    ask 200 POST "/rooms/$KEY/layout?show_names=$no"
    ask 200 GET "/rooms/$KEY"
    says '"show_names":false'
done
for yes in true 1 '"Yes"'; do
    ask 200 POST "/rooms/$KEY/layout" --header 'Content-Type: application/json' \
        --data "{\"voice_activation\": $yes}"
    ask 200 GET "/rooms/$KEY"
    says '"voice_activation":true'
    ask 200 POST "/rooms/$KEY/layout" --data 'voice_activation=off'
done
ask 400 POST "/rooms/$KEY/layout" --data 'show_names=maybe'
ask 400 POST "/rooms/$KEY/layout?show_names=2"
ask 200 GET '/rooms/proof-booleans/users?online=YES' --header "Authorization: $API_KEY"
ask 400 GET '/rooms/proof-booleans/users?online=maybe' --header "Authorization: $API_KEY"
end_room proof-booleans
