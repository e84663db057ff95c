# Turns JaCoCo's table (CSV, a row for each class, sorted) into how many lines the tests reach: of each package, and of each class
# that has fewer than 85 % of them where a test needs neither root nor a network.
BEGIN { FS = "," }

{
    add("all")
    add($2)
    sub(/\..*/, "", $3) # what is in a nested class counts for the outer one
    if ($2 ~ /\.(protocol|tunnel)$/) add($2 "." $3)
}

function add(name) {
    if (!(name in lines)) names[++count] = name
    reached[name] += $9 # LINE_COVERED
    lines[name] += $8 + $9 # and LINE_MISSED
}

END {
    print "lines that these tests reach:"
    for (i = 1; i <= count; i++) {
        name = names[i]
        share = int(100 * reached[name] / lines[name])
        if (name !~ /[A-Z]/ || share < 85) printf "%6d %% of %5d  %s\n", share, lines[name], name
    }
}
