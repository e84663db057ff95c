# Of the names of java.base's files (second file), those that fit a pattern of jlink/exclude (first file), as jlink takes them.
# Patterns behind a line with a target in brackets are for that target alone (-v target=..., or none).
function regex(glob) {
    gsub(/[.$+^(){}|]/, "\\\\&", glob)
    gsub(/\*\*/, "\001", glob)
    gsub(/\*/, "[^/]*", glob)
    gsub(/\001/, ".*", glob)
    return "^" glob "$"
}
NR == FNR {
    if (/^\[/) other = $0 != "[" target "]"
    else if (/^[^#]/ && !other) wanted = wanted (wanted ? "|" : "") regex($0)
    next
}
{
    package = $0
    sub("/[^/]*$", "", package)
}
$0 ~ wanted {
    # A module cannot lose a package: the first class of each may have to stay.
    if (/\.class$/ && !(package in first)) first[package] = $0
    names[++count] = $0
    next
}
/\.class$/ { kept[package] = 1 }
END {
    for (i = 1; i <= count; i++) {
        package = names[i]
        sub("/[^/]*$", "", package)
        if (package in kept || first[package] != names[i]) print "/java.base/" names[i]
    }
}
