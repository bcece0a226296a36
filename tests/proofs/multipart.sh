# A multipart form: the parameters as parts, and a file among them.
. "$(dirname "$0")/curl.sh"

ask 201 POST /rooms --header "Authorization: $API_KEY" --form 'id=proof-multipart' \
    --form 'user[name]=Zoë & Söhne' --form 'options[show_names]=false' \
    --form 'options[custom_fields][locale]=de'
says_who_and_how
take_key
printf '\211PNG\r\n\032\n\000\000\000\rIHDR\000\000\000\001\000\000\000\001\010\002\000\000\000' |
    ask 201 POST "/rooms/$KEY/layers" --form 'file=@-;filename=dot.png;type=image/png' --form 'z-index=1'
printf '%s' '%PDF-1.4 /Type /Page' |
    ask 201 POST "/rooms/$KEY/files" --form 'file=@-;filename=agenda.pdf;type=application/pdf'
ask 200 GET "/rooms/$KEY/files"
says 'agenda.pdf'
end_room proof-multipart
