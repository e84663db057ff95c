# Makes the completion for bash of a program, by what options.awk has read. It needs nothing of bash-completion's.

END {
    self = "_simplevpn_" program
    print "# Completes the options of simplevpn-" program " in bash; made by jlink/pages/make."
    print ""
    print self "_offer() { mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\"); }"
    print ""
    print self "() {"
    print "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} interfaces"
    print "    # --option=value is three words here."
    print "    if [ \"$word\" = = ]; then"
    print "        word="
    print "    elif [ \"$before\" = = ]; then"
    print "        before=${COMP_WORDS[COMP_CWORD - 2]}"
    print "    fi"
    print "    COMPREPLY=()"
    print "    case $before in"
    for (i = 1; i <= count[program]; i++) {
        option = name[program, i]
        all = all " --" option
        if (argument[program, option] != "") {
            short = letter[program, option]
            known = wordsOf(program, option)
            print "    " (short == "" ? "" : "-" short " | ") "--" option ")" (known == "" ? "" : offer(known)) " ;;"
        }
    }
    print "    *) " self "_offer -W '" substr(all, 2) "' ;;"
    print "    esac"
    print "}"
    print "complete -F " self " simplevpn-" program " " program
}

function offer(known) {
    if (known == "@interfaces") {
        return " interfaces=(/sys/class/net/*) && " self "_offer -W \"${interfaces[*]##*/}\""
    }
    if (known == "@files") return " compopt -o filenames && " self "_offer -f"
    if (known == "@folders") return " compopt -o filenames && " self "_offer -d"
    return " " self "_offer " (known == "@hosts" ? "-A hostname" : known == "@users" ? "-u" : "-W '" known "'")
}
