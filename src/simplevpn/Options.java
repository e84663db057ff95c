package simplevpn;

import java.util.Objects;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.TextFile;

/**
 * The words of the command line and the config file: which there are, what was said, and what each may be.
 *
 * <p>A config file has the same long names, one per line, {@code name value} or {@code name=value}; what stands behind
 * a {@code #} is a comment. The command line wins over it.
 */
final class Options {
    private static final int MAX_CONFIG = 64 * 1024;
    /** What some editors put in front of UTF-8. */
    static final String BYTE_ORDER_MARK = "\ufeff";
    /** Where the explanations begin in the help: behind the longest option. */
    private static final int HELP_COLUMN = 32;

    private final String program;
    private final String usage;
    /** More than there are. */
    private static final int MOST = 64;

    private final char[] letters = new char[MOST];
    private final String[] names = new String[MOST];
    private final String[] arguments = new String[MOST];
    private final String[] helps = new String[MOST];
    private final String[] values = new String[MOST];
    /** How the user spelled an option, for messages about its value: each time, with line breaks between. */
    private final String[] spelled = new String[MOST];
    private final boolean[] several = new boolean[MOST];
    /** Whether it may be given without its value too. */
    private final boolean[] alone = new boolean[MOST];
    /** For an option whose values belong to those of another: which, and the number of it that each one belongs to. */
    private final String[] owners = new String[MOST];
    private final String[] places = new String[MOST];
    /** While a config file is read: what the command line has said already. */
    private boolean[] settled;
    private int count;

    /**
     * @param program {@code srv} or {@code cli}
     * @param usage what the program is for, and how it is called: the first lines of the help
     */
    Options(String program, String usage) {
        this.program = program;
        this.usage = usage;
    }

    /**
     * Adds an option.
     *
     * @param letter its short name, or 0
     * @param name its long name
     * @param argument what its value is called in the help, or {@code null} for one without
     * @param help one line about it
     */
    Options add(char letter, String name, String argument, String help) {
        letters[count] = letter;
        names[count] = name;
        arguments[count] = argument;
        helps[count++] = help;
        return this;
    }

    /** The option that was added last may be given several times. */
    Options several() {
        several[count - 1] = true;
        return this;
    }

    /** The option that was added last may be given without its value, which is an empty one then. */
    Options alone() {
        alone[count - 1] = true;
        return this;
    }

    /** The same, and each value belongs to what was said last of another option, or to all; see {@link #places}. */
    Options severalOf(String owner) {
        owners[count - 1] = owner;
        return several();
    }

    /** A wrong word: the exit status is 2, and the message says where all words are explained. */
    Failure wrong(String message) {
        return new Failure(Failure.USAGE, message + " (" + program + " --help shows all options)");
    }

    /** Reads the command line, then the config file that it names with {@code --config}. */
    void parse(String[] words) throws Failure {
        parseWords(words);
        String config = text("config");
        if (config != null) {
            read(config, TextFile.read(config, MAX_CONFIG));
        }
    }

    /** The same in a program that runs: it waits for nobody, as a pipe would make it. */
    void parseAnew(String[] words) throws Failure {
        parseWords(words);
        String config = text("config");
        if (config != null) {
            read(config, TextFile.readConfig(config, MAX_CONFIG));
        }
    }

    private void parseWords(String[] words) throws Failure {
        for (int i = 0; i < words.length; i++) {
            String word = words[i];
            if (word.length() < 2 || word.charAt(0) != '-') {
                throw wrong(word + ": not understood, since options begin with a dash");
            }
            boolean isLong = word.charAt(1) == '-';
            int equals = isLong ? word.indexOf('=') : -1;
            String spelling = equals > 0 ? word.substring(0, equals) : isLong ? word : word.substring(0, 2);
            String glued = equals > 0 ? word.substring(equals + 1)
                    : !isLong && word.length() > 2 ? word.substring(2) : null;
            int option = isLong ? byName(spelling.substring(2)) : byLetter(word.charAt(1));
            if (option < 0) {
                throw wrong(spelling + ": there is no such option");
            }
            if (arguments[option] == null) {
                if (glued != null) {
                    throw wrong(word + ": " + spelling + " takes no value");
                }
                set(option, spelling, "");
            } else if (glued != null) {
                set(option, spelling, glued);
            } else if (alone[option] && (i + 1 == words.length || words[i + 1].startsWith("-"))) {
                set(option, spelling, "");
            } else if (i + 1 < words.length) {
                set(option, spelling, words[++i]);
            } else {
                throw wrong(spelling + ": needs a value, " + arguments[option]);
            }
        }
    }

    /** How many options there are. */
    int count() {
        return count;
    }

    /** The long name of one of them, by its number. */
    String name(int option) {
        return names[option];
    }

    /** Whether one of them, by its number, is said otherwise than in other words for the same program. */
    boolean saysOther(Options other, int option) {
        return !Objects.equals(values[option], other.values[option])
                || !Objects.equals(places[option], other.places[option]);
    }

    /** Takes one of them, by its number, as other words have it. */
    void keep(Options other, int option) {
        values[option] = other.values[option];
        spelled[option] = other.spelled[option];
        places[option] = other.places[option];
    }

    /** Sets an option as if it had been said; one that may be given several times, once more. */
    void set(String name, String value) {
        int option = byName(name);
        set(option, "--" + name, value);
    }

    /** An option is as if it had not been given. */
    void unset(String name) {
        int option = byName(name);
        values[option] = null;
        places[option] = null;
    }

    private void set(int option, String spelling, String value) {
        if (owners[option] != null) {
            int owner = byName(owners[option]);
            // Where the command line says other ones, those of the file are nobody's own.
            int place = settled != null && settled[owner] ? 0 : texts(owners[option]).length;
            StringBuilder all = new StringBuilder(places[option] == null ? "" : places[option]);
            for (int i = split(value).length; i > 0; i--) {
                all.append((char) place);
            }
            places[option] = all.toString();
        }
        // Of most options the last one counts.
        boolean again = several[option] && values[option] != null;
        values[option] = again ? values[option] + '\n' + value : value;
        spelled[option] = again ? spelled[option] + '\n' + spelling : spelling;
    }

    /** Reads a config file's text: what it says counts where nothing was said before. */
    private void read(String path, String text) throws Failure {
        if (text == null) {
            throw wrong(path + ": a config file has less than " + MAX_CONFIG + " bytes");
        }
        boolean[] fromCommandLine = new boolean[count];
        for (int i = 0; i < count; i++) {
            fromCommandLine[i] = values[i] != null;
        }
        settled = fromCommandLine;
        int number = 0;
        int at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length() : 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            number++;
            line(path + " line " + number, text.substring(at, end));
            at = end + 1;
        }
        settled = null;
    }

    private void line(String where, String text) throws Failure {
        int comment = text.indexOf('#');
        String line = (comment < 0 ? text : text.substring(0, comment)).trim();
        if (line.isEmpty()) {
            return;
        }
        int end = 0;
        while (end < line.length() && line.charAt(end) != '=' && line.charAt(end) > ' ') {
            end++;
        }
        String name = line.substring(0, end);
        String value = line.substring(end).trim();
        if (value.startsWith("=")) {
            value = value.substring(1).trim();
        }
        int option = byName(name);
        if (option < 0 || name.equals("config")) {
            throw wrong(where + ": " + name + ": there is no such option in a config file");
        }
        if (arguments[option] == null && !value.isEmpty()) {
            throw wrong(where + ": " + name + " takes no value");
        }
        if (arguments[option] != null && value.isEmpty() && !alone[option]) {
            throw wrong(where + ": " + name + " needs a value, " + arguments[option]);
        }
        if (!settled[option]) {
            set(option, where + ": " + name, value);
        }
    }

    private int byName(String name) {
        for (int i = 0; i < count; i++) {
            if (names[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private int byLetter(char letter) {
        for (int i = 0; i < count; i++) {
            if (letters[i] == letter) {
                return i;
            }
        }
        return -1;
    }

    /** Whether an option was given. */
    boolean given(String name) {
        return values[byName(name)] != null;
    }

    /** An option's value, or {@code null} when it was not given. */
    String text(String name) {
        return values[byName(name)];
    }

    /** The values of an option that may be given several times, each of them perhaps several with commas between. */
    String[] texts(String name) {
        String all = text(name);
        return all == null ? new String[0] : split(all);
    }

    /**
     * Of each value of an option that belongs to another's ({@link #severalOf}): the number of that one's value, from
     * 1, or 0 for one that was said before all of them, and belongs to all.
     */
    String places(String name) {
        String all = places[byName(name)];
        return all == null ? "" : all;
    }

    private static String[] split(String all) {
        int count = 1;
        for (int i = 0; i < all.length(); i++) {
            count += isBetween(all.charAt(i)) ? 1 : 0;
        }
        String[] texts = new String[count];
        int from = 0;
        int found = 0;
        for (int i = 0; i <= all.length(); i++) {
            if (i == all.length() || isBetween(all.charAt(i))) {
                texts[found++] = all.substring(from, i);
                from = i + 1;
            }
        }
        return texts;
    }

    private static boolean isBetween(char c) {
        return c == ',' || c == '\n';
    }

    /**
     * A number.
     *
     * @param least the smallest allowed
     * @param most the largest allowed
     * @param otherwise its value when it was not given
     */
    int number(String name, int least, int most, int otherwise) throws Failure {
        String text = text(name);
        if (text == null) {
            return otherwise;
        }
        long number = 0;
        boolean digits = !text.isEmpty() && text.length() < 10;
        for (int i = 0; digits && i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            digits = digit >= 0 && digit <= 9;
            number = number * 10 + digit;
        }
        if (!digits || number < least || number > most) {
            throw bad(name, "must be a number from " + least + " to " + most);
        }
        return (int) number;
    }

    /** An address of a host, or {@code null} when the option was not given. */
    Address address(String name) throws Failure {
        if (!given(name)) {
            return null;
        }
        Address address = Address.parseIpv4(text(name));
        if (address == null || !address.isHost()) {
            throw bad(name, "must be an IPv4 address that a host can have, such as 10.0.0.7");
        }
        return address;
    }

    /**
     * A network.
     *
     * @param otherwise its value when it was not given
     */
    Network network(String name, Network otherwise) throws Failure {
        if (!given(name)) {
            return otherwise;
        }
        try {
            return Network.parse(text(name));
        } catch (Failure e) {
            throw bad(name, e.getMessage());
        }
    }

    /**
     * The networks of an option that may be given several times.
     *
     * @param ipv6 whether they may be of IPv6
     */
    Network[] networks(String name, boolean ipv6) throws Failure {
        String[] texts = texts(name);
        Network[] networks = new Network[texts.length];
        for (int i = 0; i < texts.length; i++) {
            try {
                networks[i] = ipv6 ? Network.parseAny(texts[i]) : Network.parseSource(texts[i]);
            } catch (Failure e) {
                throw bad(name, i, e.getMessage());
            }
        }
        return networks;
    }

    /** A failure that names an option as the user spelled it, and its value; of several the last. */
    Failure bad(String name, String must) {
        return several[byName(name)] ? bad(name, texts(name).length - 1, must)
                : wrong(spelled[byName(name)] + " " + text(name) + ": " + must);
    }

    /** The same of one of the {@link #texts} of an option that may be given several times. */
    Failure bad(String name, int number, String must) {
        return wrong(spelling(name, number) + " " + texts(name)[number] + ": " + must);
    }

    /** How the user spelled the option when he said one of its {@link #texts}. */
    String spelling(String name, int number) {
        String all = text(name);
        String spellings = spelled[byName(name)];
        int begin = 0;
        int left = number;
        for (int i = 0; left > 0; i++) {
            left -= isBetween(all.charAt(i)) ? 1 : 0;
            // Those with commas between were said together.
            begin = all.charAt(i) == '\n' ? spellings.indexOf('\n', begin) + 1 : begin;
        }
        int end = spellings.indexOf('\n', begin);
        return spellings.substring(begin, end < 0 ? spellings.length() : end);
    }

    /** The text of {@code --help}. */
    String help() {
        StringBuilder text = new StringBuilder(usage).append("\n\n");
        for (int i = 0; i < count; i++) {
            if (helps[i] == null) {
                continue;
            }
            int begin = text.length();
            text.append("  ");
            if (letters[i] != 0) {
                text.append('-').append(letters[i]).append(", ");
            } else {
                text.append("    ");
            }
            text.append("--").append(names[i]);
            if (arguments[i] != null) {
                text.append(' ').append(arguments[i]);
            }
            while (text.length() - begin < HELP_COLUMN) {
                text.append(' ');
            }
            text.append(helps[i]).append('\n');
        }
        return text.toString();
    }
}
