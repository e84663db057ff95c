# Makes the completion for zsh of a program, by what options.awk has read.

END {
    print "#compdef simplevpn-" program " " program
    print "# Completes the options of simplevpn-" program " in zsh; made by jlink/pages/make."
    print ""
    printf "_arguments -s -S"
    for (i = 1; i <= count[program]; i++) {
        option = name[program, i]
        short = letter[program, option]
        taken = argument[program, option]
        # A value is in the same word or in the next.
        long = "--" option (taken == "" ? "" : "=")
        short = short == "" ? "" : "-" short (taken == "" ? "" : "+")
        printf " \\\n    '*'%s'[%s]%s'", short == "" ? long : "{" short "," long "}", \
            quoted(brief[program, option], 1), taken == "" ? "" : ":" quoted(taken, 1) ":" offer(wordsOf(program, option))
    }
    print ""
}

function offer(words) {
    if (words == "") return " "
    if (words == "@files") return "_files"
    if (words == "@folders") return "_files -/"
    if (words == "@interfaces") return "_net_interfaces"
    if (words == "@hosts") return "_hosts"
    if (words == "@users") return "_users"
    return "(" quoted(words, 0) ")"
}

# Words inside of single quotes, and of brackets where these end something.
function quoted(words, brackets) {
    if (brackets) gsub(/[][]/, "\\\\&", words)
    gsub(/:/, "\\:", words)
    gsub(/'/, "'\\''", words)
    return words
}
