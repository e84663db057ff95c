package simplevpn.linux;

import simplevpn.base.Failure;

/** A user of this system and his primary group, as /etc/passwd has them (passwd(5)), or as numbers. Immutable. */
public final class User {
    private static final String FILE = "/etc/passwd";
    /** Bytes of the file; it has less. */
    private static final int MOST = 256 * 1024;
    /** Whom the packages bring, and who is there nearly everywhere. */
    private static final String[] USUAL = {"simplevpn", "nobody"};
    private static final long NOBODY = 65534;
    /** Ids are less: to setresuid(2) this one means that nothing shall change. */
    private static final long NO_ID = 0xffff_ffffL;

    /** As the user said it, or as it is in the file. */
    public final String name;
    /** 0 to 2^32 − 2, as is the group's. */
    public final long uid;
    final long gid;

    private User(String name, long uid, long gid) {
        this.name = name;
        this.uid = uid;
        this.gid = gid;
    }

    /** What is at a path belongs to this user from now on, if that is allowed. */
    public void own(String path) {
        int fd = Libc.open(path, Abi.O_CLOEXEC);
        if (fd >= 0) {
            Libc.fchown(fd, (int) uid, (int) gid);
            Libc.close(fd);
        }
    }

    /** Makes a folder, if there is none; it belongs from now on to whom root becomes, if that is anybody. */
    public static void makeFolder(String path, User user) {
        Libc.mkdir(path);
        if (user != null) {
            user.own(path);
        }
    }

    /** Who a program becomes that was told nothing: simplevpn or nobody, 65534 where there is neither. */
    public static User usual() {
        String passwd;
        try {
            passwd = TextFile.read(FILE, MOST);
        } catch (Failure e) {
            // A board with one user needs no such file.
            passwd = null;
        }
        for (String name : USUAL) {
            User user = passwd == null ? null : find(passwd, name);
            if (user != null) {
                return user;
            }
        }
        return new User("nobody", NOBODY, NOBODY);
    }

    /**
     * A user by name or number.
     *
     * @param word a name of /etc/passwd, or {@code UID[:GID]}
     * @return {@code null} when there is none
     * @throws Failure when the file is needed and cannot be read
     */
    public static User named(String word) throws Failure {
        String passwd = word.indexOf(':') < 0 ? TextFile.read(FILE, MOST) : "";
        if (passwd == null) {
            throw new Failure(Failure.USAGE, FILE + ": has " + MOST + " bytes or more; say UID:GID instead of " + word);
        }
        return find(passwd, word);
    }

    /** The group of a number alone is the one that the file has for it, or else the same number. */
    static User find(String passwd, String word) {
        int colon = word.indexOf(':');
        long uid = id(word, 0, colon < 0 ? word.length() : colon);
        if (colon >= 0) {
            long gid = id(word, colon + 1, word.length());
            return uid < 0 || gid < 0 ? null : new User(word, uid, gid);
        }
        int at = 0;
        while (at < passwd.length()) {
            int end = passwd.indexOf('\n', at);
            end = end < 0 ? passwd.length() : end;
            User user = line(passwd.substring(at, end));
            if (user != null && (uid < 0 ? user.name.equals(word) : user.uid == uid)) {
                return user;
            }
            at = end + 1;
        }
        return uid < 0 ? null : new User(word, uid, uid);
    }

    /** A line is name, password, uid, gid and more, with colons between; {@code null} for any other. */
    private static User line(String text) {
        int name = text.indexOf(':');
        int password = name <= 0 ? -1 : text.indexOf(':', name + 1);
        int uid = password < 0 ? -1 : text.indexOf(':', password + 1);
        int gid = uid < 0 ? -1 : text.indexOf(':', uid + 1);
        long number = gid < 0 ? -1 : id(text, password + 1, uid);
        long group = gid < 0 ? -1 : id(text, uid + 1, gid);
        return number < 0 || group < 0 ? null : new User(text.substring(0, name), number, group);
    }

    /** A decimal number that can be an id; −1 for anything else. */
    private static long id(String text, int from, int to) {
        long number = from == to ? -1 : 0;
        for (int i = from; i < to && number >= 0; i++) {
            int digit = text.charAt(i) - '0';
            number = digit < 0 || digit > 9 ? -1 : number * 10 + digit;
            number = number < NO_ID ? number : -1;
        }
        return number;
    }

    @Override
    public String toString() {
        return name;
    }
}
