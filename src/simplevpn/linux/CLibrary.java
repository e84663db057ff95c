package simplevpn.linux;

/**
 * The C library that this process has: the system's, or that of our archive where the system's is none that the runtime
 * can use (musl, or an older glibc). The launcher chooses, and says so by a property.
 */
public final class CLibrary {
    /** A name and a version are shorter; bytes. */
    private static final int MOST = 64;

    private static boolean configured;

    private CLibrary() {
    }

    private static boolean bundled() {
        return "bundled".equals(System.getProperty("simplevpn.libc"));
    }

    /** Its name with the version, and whose it is, for a line of {@code --version}. */
    public static String text() {
        Buffer text = Buffer.temporary(MOST);
        Libc.once("confstr", Abi.CS_GNU_LIBC_VERSION, text.address, text.size, 0);
        StringBuilder name = new StringBuilder(MOST);
        for (int i = 0; text.bytes.get(i) != 0; i++) {
            name.append((char) text.bytes.get(i));
        }
        text.free();
        return name.append(bundled() ? ", bundled" : ", the system's").toString();
    }

    /**
     * Before the first name is looked up: a bundled library asks the system's hosts file and name servers and nobody
     * else, whatever nsswitch.conf(5) says. Modules that are named there are of another C library, if there are any.
     */
    static void prepareLookup() {
        if (configured || !bundled()) {
            return;
        }
        configured = true;
        Buffer database = Libc.string("hosts");
        Buffer services = Libc.string("files dns");
        // -1 is for names that it does not know.
        Libc.once("__nss_configure_lookup", database.address, services.address, 0, 0);
        services.free();
        database.free();
    }
}
