# The API key: the bare text of the header Authorization, and refusals that are JSON or empty.
. "$(dirname "$0")/curl.sh"

ask 200 GET /rooms --header "Authorization: $API_KEY"
says '['
ask 403 GET /rooms
ask 403 GET /rooms --header 'Authorization: another-key'
ask 403 GET /rooms --header 'Authorization;'
ask 403 POST /rooms --data 'user[name]=Zoë'
ask 401 GET /rooms/no-such-key
ask 404 GET /no-such-endpoint --header "Authorization: $API_KEY"
says 'error'
