# JSON in chunks, of a length that is not told beforehand.
. "$(dirname "$0")/curl.sh"

printf '%s' '{"id": "proof-chunked", "user": {"name": "Zoë & Söhne"},
             "options": {"show_names": false, "custom_fields": {"locale": "de"}}}' |
    ask 201 POST /rooms --header "Authorization: $API_KEY" --header 'Content-Type: application/json' \
        --header 'Transfer-Encoding: chunked' --header 'Expect:' --data-binary @-
says_who_and_how
take_key
printf '%s' '{"type": "chat", "content": "Grüß Gott"}' |
    ask 201 POST "/rooms/$KEY/messages" --header 'Content-Type: application/json' \
        --header 'Transfer-Encoding: chunked' --header 'Expect:' --data-binary @-
end_room proof-chunked
