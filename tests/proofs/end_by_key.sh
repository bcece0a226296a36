# An access key ends the meeting: 204 and no body. With an API key beside it the path is a room id.
. "$(dirname "$0")/curl.sh"

turn strict_credentials true
ask 201 POST /rooms --header "Authorization: $API_KEY" --data 'id=proof-end&user[name]=Ada'
take_key
ask 404 DELETE "/rooms/$KEY" --header "Authorization: $API_KEY"
ask 204 DELETE "/rooms/$KEY"
says_just ''
ask 410 GET "/rooms/$KEY"
