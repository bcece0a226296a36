# An invalid background_color becomes #121212, a six-digit hex colour stays.
. "$(dirname "$0")/curl.sh"

for sent in '#aB12f0' red '#fff' '#12121g'; do
    ask 201 POST /rooms --header "Authorization: $API_KEY" --data 'id=proof-color&user[name]=Ada' \
        --data-urlencode "options[background_color]=$sent"
    case "$sent" in
        '#aB12f0') says '"background_color":"#aB12f0"' ;;
        *) says '"background_color":"#121212"' ;;
    esac
    end_room proof-color
done
