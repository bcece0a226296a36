# The filter `started_at` of lists: whole seconds match the second, milliseconds match exactly.
. "$(dirname "$0")/curl.sh"

ask 201 POST /rooms --header "Authorization: $API_KEY" --data 'id=proof-started-at&user[name]=Ada'
take_key
started_at=$(sed -n 's/.*"started_at":"\([^"]*\)".*/\1/p' "$ANSWER")
case "$started_at" in
    *.000Z) other=.001Z ;;
    *) other=.000Z ;;
esac
second=${started_at%.*}
ask 201 POST "/rooms/$KEY/snapshot"
for wanted in "$started_at" "${second}Z" "$second"; do
    ask 200 GET "/rooms/proof-started-at/snapshots?started_at=$wanted" --header "Authorization: $API_KEY"
    says "\"started_at\":\"$started_at\""
done
for wanted in "$second$other" 2020-01-01T00:00:00Z; do
    ask 200 GET "/rooms/proof-started-at/snapshots?started_at=$wanted" --header "Authorization: $API_KEY"
    says_just '[]'
done
end_room proof-started-at
