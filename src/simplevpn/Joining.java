package simplevpn;

import java.util.Arrays;
import java.util.List;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
import simplevpn.linux.Replacement;
import simplevpn.linux.TextFile;
import simplevpn.tls.Key;
import simplevpn.tls.Pin;

/**
 * How a client uses an invitation ({@code --join}): what the invitation says counts like options, the key is made if
 * there is none, and once the server has taken it in, a config file with all of that is written, for every start from
 * then on. An invitation that lies in a file is removed only then: whatever happens before, the next attempt has it
 * again.
 */
final class Joining {
    /** Where a device keeps what it was given, unless told otherwise. */
    static final String FOLDER = "/var/lib/simplevpn";
    private static final int MAX_INVITATION = 4096;
    private static final int MAX_CONFIG = 1 << 14;
    /** The options of the config file that is written. */
    private static final List<String> KEPT = List.of("server", "port", "key", "server-pin", "server-name");

    /** To be shown to the server. */
    final byte[] secret;
    /** The file that the invitation came from, or {@code null}. */
    private final String file;
    /** {@code null} for {@code --check}, which keeps nothing. */
    private final Replacement config;
    /** The key that {@code --check} shows where there is none yet, and which no file has; else {@code null}. */
    final Key key;

    private Joining(Invitation invitation, String file, Replacement config, Key key) {
        secret = invitation.secret;
        this.file = file;
        this.config = config;
        this.key = key;
    }

    /**
     * Takes an invitation, if the options name one that is still there, as further options; otherwise the config file
     * that was written when it was used. With {@code --check} nothing is written: a client that waits to be taken in
     * may have the same files.
     *
     * @return {@code null} if there is nothing to join
     */
    static Joining begin(Options options) throws Failure {
        String join = options.text("join");
        if (join == null) {
            if (options.given("dir")) {
                throw options.wrong("--join INVITATION is missing: --dir says where to keep what it brings");
            }
            return null;
        }
        String folder = folder(options);
        String config = config(options);
        Invitation invitation = Invitation.parse(join);
        String file = invitation == null ? join : null;
        if (file != null && TextFile.exists(file)) {
            invitation = read(file);
        }
        if (invitation == null) {
            if (!TextFile.exists(config)) {
                // What was meant for an invitation has its secret in it.
                String shown = join.indexOf(':') > 0 && join.indexOf('/') > 0 ? "" : " " + join;
                throw options.wrong("--join" + shown + ": neither an invitation, as srv --invite prints it, nor a file"
                        + " with one; and there is no " + config + " of an earlier one");
            }
            again(options, config);
            return null;
        }
        String key = absolute(options.given("key") ? options.text("key") : folder + "/cli.key");
        if (key.indexOf('#') >= 0) {
            throw options.wrong("--join: a # in " + key + " would begin a comment in the config file that names it");
        }
        String used = used(options, invitation, key);
        boolean isNew = !TextFile.exists(key) || TextFile.isEmpty(key);
        if (options.given("check")) {
            return new Joining(invitation, file, null, isNew ? KeyFiles.unkept(key) : null);
        }
        Libc.mkdir(folder);
        if (isNew) {
            Log.event("made a key in " + key + ", " + KeyFiles.generate(key).pin());
        }
        return new Joining(invitation, file, new Replacement(config, used), null);
    }

    /** The same for a client that runs: what it joined by was used when it began, or since. */
    static void again(Options options) throws Failure {
        if (options.given("join")) {
            again(options, config(options));
        }
    }

    private static String config(Options options) {
        return folder(options) + "/cli.conf";
    }

    private static String folder(Options options) {
        return options.given("dir") ? options.text("dir") : FOLDER;
    }

    private static Invitation read(String file) throws Failure {
        String text = TextFile.readRegular(file, MAX_INVITATION);
        List<String> words = Peers.words(text == null ? "" : text.replace(Options.BYTE_ORDER_MARK, ""));
        // The word, or the command as it was printed, with whatever it was started by.
        boolean command = words.size() > 2 && words.get(words.size() - 2).equals("--join");
        Invitation invitation = words.size() == 1 || command ? Invitation.parse(words.getLast()) : null;
        if (invitation == null) {
            throw new Failure(Failure.USAGE, file + ": no invitation, which is the line that srv --invite prints");
        }
        return invitation;
    }

    /**
     * What an earlier invitation brought counts as it did then. Nothing else in that file does: it belongs to the user
     * that root becomes.
     */
    private static void again(Options options, String config) throws Failure {
        String text = TextFile.readRegular(config, MAX_CONFIG);
        if (text == null) {
            throw options.wrong(config + ": what cli --join wrote there has less than " + MAX_CONFIG + " bytes");
        }
        options.unset("server");
        options.unset("server-pin");
        for (String line : text.split("\n")) {
            int space = line.indexOf(' ');
            if (space > 0 && KEPT.contains(line.substring(0, space))) {
                options.set(line.substring(0, space), line.substring(space + 1).trim());
            }
        }
    }

    /** Sets options as an invitation says; returns the config file that says the same. */
    private static String used(Options options, Invitation invitation, String key) {
        StringBuilder config = new StringBuilder("# Written when this device joined by its invitation.\n");
        options.unset("server");
        put(options, config, "server", invitation.host);
        put(options, config, "port", String.valueOf(invitation.port));
        put(options, config, "key", key);
        options.unset("server-pin");
        for (Pin pin : invitation.pins) {
            put(options, config, "server-pin", pin.toString());
        }
        if (options.given("server-name")) {
            put(options, config, "server-name", options.text("server-name"));
        }
        return config.toString();
    }

    private static void put(Options options, StringBuilder config, String name, String value) {
        options.set(name, value);
        config.append(name).append(' ').append(value).append('\n');
    }

    /** A config file may be read from any folder. */
    private static String absolute(String path) {
        return path.startsWith("/") ? path : System.getProperty("user.dir") + "/" + path;
    }

    /** This client ends: what was to be kept is not, unless {@link #done} was called. */
    void end() {
        config.undo();
    }

    /** The server has taken this client in: what there is to know is kept, and the invitation is of no more use. */
    void done() throws Failure {
        config.commit();
        Arrays.fill(secret, (byte) 0);
        int result = file == null ? 0 : Libc.unlink(file);
        if (result < 0 && result != -Errno.ENOENT) {
            Log.event(Errno.failure("unlink " + file, result, "it was used, and can be removed").getMessage());
        }
    }
}
