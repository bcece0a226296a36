# No body at all: the parameters of a POST are in its address.
. "$(dirname "$0")/curl.sh"

ask 201 POST '/rooms?id=proof-query&user[name]=Zo%C3%AB+%26+S%C3%B6hne&options[show_names]=false&options[custom_fields][locale]=de' \
    --header "Authorization: $API_KEY"
says_who_and_how
take_key
ask 201 POST "/rooms/$KEY/playbacks?playback[url]=https%3A%2F%2Fx.example.org%2Fa.mp4&playback[play_id]=intro"
ask 200 GET "/rooms/$KEY/playbacks"
says '"play_id":"intro"'
end_room proof-query
