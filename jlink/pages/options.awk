# Reads what is known of the options, for page.awk, bash.awk and zsh.awk: part=words the file `words`, part=readme README.md's
# tables, part=help with program=srv or cli what that prints for --help. Leaves, for PROGRAM and an option's NAME without dashes,
#
#   count[PROGRAM], name[PROGRAM, 1...]                   the options in their order
#   letter, argument, brief, text [PROGRAM, NAME]         -p without the dash, what its value is called, the help's line, README's text
#   isCommand[PROGRAM, NAME]                              it belongs in no config file
#   wordsOf(PROGRAM, NAME)                                what its value is completed with

part == "words" && $1 == "commands" {
    for (i = 3; i <= NF; i++) {
        if ($2 != "cli") isCommand["srv", $i] = 1
        if ($2 != "srv") isCommand["cli", $i] = 1
    }
}
part == "words" && NF > 1 && $1 != "#" && $1 != "commands" {
    key = $1
    sub(/^[^ ]+ +/, "")
    words[key] = $0
}

# A row about one option alone has its text; of rows about several it stays open which word is about which.
part == "readme" && /^Both programs:/ { scope = "both" }
part == "readme" && /^`srv` alone:/ { scope = "srv" }
part == "readme" && /^`cli` alone:/ { scope = "cli" }
part == "readme" && /^A config file has the long names/ { scope = "" }
part == "readme" && scope != "" && /^\| `-/ {
    row = $0
    gsub(/\\\|/, "\001", row)
    split(row, cells, /[|]/)
    spec = cells[2]
    if (split(spec, pieces, /--/) != 2) next
    gsub(/`/, "", pieces[2])
    gsub(/\001/, "|", pieces[2])
    split(pieces[2], pieces, / +/)
    meaning = cells[3]
    gsub(/\001/, "|", meaning)
    gsub(/^ +| +$/, "", meaning)
    readme[scope, pieces[1]] = meaning
    value[scope, pieces[1]] = pieces[2]
}

# The column is that of Options.HELP_COLUMN.
part == "help" && /^  (-|    --)/ {
    spec = substr($0, 1, 32)
    split(spec, pieces, /--/)
    option = pieces[2]
    sub(/ +$/, "", option)
    taken = option
    sub(/^[^ ]+ */, "", taken)
    sub(/ .*/, "", option)
    name[program, ++count[program]] = option
    letter[program, option] = spec ~ /^  -[a-z]/ ? substr(spec, 4, 1) : ""
    argument[program, option] = taken
    brief[program, option] = substr($0, 33)
    sub(/ +$/, "", brief[program, option])
    for (i = 1; i <= 2; i++) {
        from = i == 1 ? "both" : program
        if ((from, option) in readme) {
            text[program, option] = readme[from, option]
            # Where README names the words that there are.
            if (value[from, option] ~ /[|]/) argument[program, option] = value[from, option]
        }
    }
}

function wordsOf(program, option) {
    if (("--" option) in words) return words["--" option]
    return argument[program, option] in words ? words[argument[program, option]] : ""
}
