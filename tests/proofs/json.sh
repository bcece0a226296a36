# Nested JSON with a Content-Length.
. "$(dirname "$0")/curl.sh"

ask 201 POST /rooms --header "Authorization: $API_KEY" --header 'Content-Type: application/json' \
    --data '{"id": "proof-json", "user": {"name": "Zo\u00eb & Söhne"},
             "options": {"show_names": false, "custom_fields": {"locale": "de"}}}'
says_who_and_how
take_key
ask 201 POST "/rooms/$KEY/playbacks" --header 'Content-Type: application/json' \
    --data '{"playback": {"url": "https://x.example.org/a.mp4", "play_id": "intro", "audio": true}}'
ask 200 GET "/rooms/$KEY/playbacks"
says '"play_id":"intro"'
says '"audio":true'
end_room proof-json
