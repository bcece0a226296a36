# A form, percent-encoded, names with brackets: what `curl --data` and most clients send.
. "$(dirname "$0")/curl.sh"

ask 201 POST /rooms --header "Authorization: $API_KEY" \
    --data-urlencode 'id=proof-form' --data-urlencode 'user[name]=Zoë & Söhne' \
    --data-urlencode 'options[show_names]=false' --data-urlencode 'options[custom_fields][locale]=de'
says_who_and_how
take_key
ask 200 POST "/rooms/$KEY/layout" --data-urlencode 'layout=custom' --data-urlencode 'name=four' \
    --data-urlencode 'users[]=ada' --data-urlencode 'users[]=' --data-urlencode 'show_names=true'
ask 200 GET "/rooms/$KEY"
says '"show_names":true'
says '"layout_name":"four"'
end_room proof-form
