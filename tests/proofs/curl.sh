# Read by the scripts of this folder: `ask` sends one request by curl and checks its status.
set -eu
BASE=$1
API_KEY=$2
ANSWER=$(mktemp)
trap 'rm -f "$ANSWER"' EXIT

command -v curl > /dev/null || {
    echo "These proofs need curl on PATH (apt-get install curl)." >&2
    exit 3
}

# ask STATUS METHOD PATH [ARGUMENT OF CURL ...]
ask() {
    wanted=$1 method=$2 path=$3
    shift 3
    status=$(curl --silent --globoff --max-time 20 --noproxy '*' --output "$ANSWER" \
        --write-out '%{http_code}' --request "$method" "$@" "$BASE$path")
    if [ "$status" != "$wanted" ]; then
        echo "$method: $status instead of $wanted: $(cat "$ANSWER")" >&2
        exit 1
    fi
    echo "$method ${path%%\?*}: $status" | sed "s/${KEY:-no key yet}/KEY/"
}

# says TEXT: whether the last answer has it.
says() {
    grep -qF -- "$1" "$ANSWER" || {
        echo "no $1 in: $(cat "$ANSWER")" >&2
        exit 1
    }
}

# says_not TEXT: whether the last answer lacks it.
says_not() {
    if grep -qF -- "$1" "$ANSWER"; then
        echo "$1 in: $(cat "$ANSWER")" >&2
        exit 1
    fi
}

# says_just TEXT: whether the last answer is this and nothing else.
says_just() {
    [ "$(cat "$ANSWER")" = "$1" ] || {
        echo "not just $1: $(cat "$ANSWER")" >&2
        exit 1
    }
}

# turn NAME VALUE: set a knob of the sandbox; the value is JSON.
turn() {
    ask 200 POST /_sandbox/knobs --header 'Content-Type: application/json' --data "{\"$1\": $2}"
}

# The access key of the last answer; an answer to `POST /rooms` has to have one.
take_key() {
    KEY=$(sed -n 's/.*"access_key":"\([^"]*\)".*/\1/p' "$ANSWER")
    [ -n "$KEY" ] || {
        echo "no access key in: $(cat "$ANSWER")" >&2
        exit 1
    }
}

# What every format must have brought over: a name with umlauts, and options as real booleans.
says_who_and_how() {
    says '"name":"Zoë & Söhne"'
    says '"show_names":false'
    says '"locale":"de"'
}

end_room() {
    ask 204 DELETE "/rooms/$1" --header "Authorization: $API_KEY"
}
