# Makes a manual page (mdoc) of what options.awk has read and the page itself, part=page, in which these are replaced:
#
#   @DAY@             when the sources were changed last
#   @OPTIONS srv@     a line of its own: the items of a list, all options of the program
#   @CONFIG srv@      those that belong in a config file, as lines of one; @CONFIG both@ has those of both programs, the others the rest

part == "page" && /^@OPTIONS (srv|cli)@$/ {
    options(substr($2, 1, 3))
    next
}
part == "page" && /^@CONFIG (both|srv|cli)@$/ {
    sub(/@/, "", $2)
    config($2)
    next
}
part == "page" {
    gsub(/@DAY@/, day)
    if ($1 == ".Bd") isLiteral = 1
    if ($1 == ".Ed") isLiteral = 0
    if (isLiteral || /^[.]/) print
    else put($0)
}

# Text, in lines of 80 letters at most, of which each sentence begins one.
function put(words, at) {
    while (match(words, /[^.][.] [A-Z]/)) {
        at = RSTART + 1
        fold(substr(words, 1, at))
        words = substr(words, at + 2)
    }
    fold(words)
}

function fold(words, at) {
    while (length(words) > 80) {
        for (at = 80; at > 1 && substr(words, at, 1) != " "; at--);
        if (at == 1) break
        line(substr(words, 1, at - 1))
        words = substr(words, at + 1)
    }
    line(words)
}

# What would be a request is text.
function line(words) {
    print (words ~ /^[.']/ ? "\\&" : "") words
}

function options(program, i, option) {
    for (i = 1; i <= count[program]; i++) {
        option = name[program, i]
        printf ".It %sFl -%s", letter[program, option] == "" ? "" : "Fl " letter[program, option] " , ", option
        finish(program, option)
    }
}

function config(which, program, other, i, option) {
    program = which == "cli" ? "cli" : "srv"
    other = program == "srv" ? "cli" : "srv"
    for (i = 1; i <= count[program]; i++) {
        option = name[program, i]
        if (!isCommand[program, option] && (which == "both") == isShared(option)) {
            printf ".It Cm %s", option
            finish(program, option)
        }
    }
}

# Whether an option means the same to both programs: not --address, for one.
function isShared(option) {
    return (("srv", option) in brief) && (("cli", option) in brief) && !isCommand["srv", option] && !isCommand["cli", option] &&
        text["srv", option] == text["cli", option] && (text["srv", option] != "" || brief["srv", option] == brief["cli", option])
}

# The value's name in an item's line, and the text below it.
function finish(program, option, taken) {
    taken = argument[program, option]
    if (taken ~ /[|]/) {
        gsub(/[|]/, " | Cm ", taken)
        taken = "Cm " taken
    } else if (taken != "") {
        taken = "Ar " taken
    }
    print taken == "" ? "" : " " taken
    put(mdoc(text[program, option] != "" ? text[program, option] : brief[program, option]))
}

# Markdown as mdoc: `code` is bold, and a link names a section of README.md.
function mdoc(markdown, result, begin, end, pieces, n, i) {
    gsub(/\\/, "\\e", markdown)
    while (match(markdown, /\[[^]]*\]\(#[^)]*\)/)) {
        begin = substr(markdown, 1, RSTART - 1)
        end = substr(markdown, RSTART + RLENGTH)
        result = substr(markdown, RSTART + 1, RLENGTH - 1)
        sub(/\].*/, "", result)
        markdown = begin "\\(lq" result "\\(rq in README.md" end
    }
    n = split(markdown, pieces, /`/)
    result = ""
    for (i = 1; i <= n; i++) {
        if (i % 2 == 0) {
            gsub(/-/, "\\-", pieces[i])
            pieces[i] = "\\fB" pieces[i] "\\fP"
        } else {
            # Options in the help's lines.
            gsub(/--/, "\\-\\-", pieces[i])
        }
        result = result pieces[i]
    }
    return result
}
