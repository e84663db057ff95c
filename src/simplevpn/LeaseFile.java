package simplevpn;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
import simplevpn.linux.Replacement;
import simplevpn.linux.TextFile;
import simplevpn.linux.User;

/**
 * Where the addresses that clients with keys were given outlive the server: lines {@code NAME ADDRESS}, of which the
 * last one of a name counts. A new lease is one more line. What is no such line, since the power failed or the disk is
 * bad, is none; and nobody waits for the disk: a lease that it lost is given anew.
 */
final class LeaseFile {
    /** Where it lies when the folder of the peers cannot be written to: until the machine starts anew. */
    static final String FOLDER = "/run/simplevpn-srv";
    private static final String SUFFIX = ".leases";
    private static final int MOST = 1 << 20;

    private final HashMap<String, Address> leases = new HashMap<>();
    private final int most;
    private String path;
    private int fd;
    private int length;
    /** Whether there is more in the file than is needed. */
    private boolean untidy;
    private boolean told;

    /** Lets the user whom root becomes write where a lease file may have to lie; {@code null} for nobody else. */
    static void prepare(User user) {
        User.makeFolder(FOLDER, user);
    }

    /**
     * Reads the leases that there are, and opens the file for those to come: as the user who goes on writing it.
     *
     * @param peers the file with the peers, beside which it lies
     * @param folder where it lies when that cannot be
     */
    LeaseFile(String peers, String folder) {
        this(peers, folder, MOST);
    }

    /** @param most bytes that the file may have: for more it is written anew, without what is not needed */
    LeaseFile(String peers, String folder, int most) {
        this.most = most;
        path = peers + SUFFIX;
        open();
        int refused = fd;
        if (refused < 0) {
            Libc.mkdir(folder);
            path = folder + "/" + path.substring(path.lastIndexOf('/') + 1);
            open();
        }
        if (fd < 0) {
            tell(Errno.failure("open " + peers + SUFFIX, refused, ""));
            return;
        }
        if (refused < 0) {
            Log.event(Errno.failure("open " + peers + SUFFIX, refused, "until this machine starts anew, clients'"
                    + " addresses are kept in " + path).getMessage());
        }
        read();
    }

    private void open() {
        fd = Libc.open(path, Abi.O_RDWR | Abi.O_APPEND | Abi.O_CREAT | Abi.O_NONBLOCK | Abi.O_CLOEXEC);
    }

    private void read() {
        try {
            String text = TextFile.beginning(path, most);
            length = text.length();
            int at = 0;
            // A line without an end may go on behind it.
            for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
                int space = text.indexOf(' ', at);
                String name = space < 0 || space > end ? "" : text.substring(at, space);
                Address address = name.isEmpty() ? null : Address.parseIpv4(text.substring(space + 1, end));
                boolean good = address != null && Peers.isName(name);
                untidy |= !good || leases.put(name, address) != null;
                at = end + 1;
            }
            untidy |= at < text.length();
        } catch (Failure e) {
            tell(e);
            untidy = true;
        }
    }

    /** The address that a client was given before, or {@code null}. */
    Address of(String name) {
        return leases.get(name);
    }

    /** What is not needed goes, if there is such: leases of those who are not among the peers. */
    void tidy(Peers peers) {
        for (String name : leases.keySet().toArray(new String[0])) {
            if (!peers.has(name)) {
                leases.remove(name);
                untidy = true;
            }
        }
        if (untidy && fd >= 0) {
            writeAnew();
        }
    }

    /** A client has an address, from now on. */
    void note(String name, Address address) {
        if (address.equals(leases.put(name, address)) || fd < 0) {
            return;
        }
        String line = name + " " + address + "\n";
        if (untidy || length + line.length() >= most) {
            // One byte more: the file may end with half a line.
            if (writeAnew() || length + line.length() + 1 >= most) {
                return;
            }
            line = "\n" + line;
        }
        Buffer bytes = Buffer.temporary(line.length());
        bytes.bytes.put(0, line.getBytes(StandardCharsets.US_ASCII));
        int result = Libc.write(fd, bytes, 0, line.length());
        bytes.free();
        length += Math.max(0, result);
        if (result != line.length()) {
            untidy = true;
            tell(Errno.failure("write " + path, result < 0 ? result : -Errno.ENOSPC, ""));
        }
    }

    /** Returns whether the file has all that there is to keep, or none is kept any more; else it is as it was. */
    private boolean writeAnew() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Address> lease : leases.entrySet()) {
            text.append(lease.getKey()).append(' ').append(lease.getValue()).append('\n');
        }
        if (text.length() >= most) {
            tell(new Failure(Failure.SYSTEM, path + ": a file of leases has less than " + most + " bytes"));
            Libc.close(fd);
            fd = -1;
            return true;
        }
        try {
            new Replacement(path, text.toString()).commit();
            Libc.close(fd);
            open();
            length = text.length();
            untidy = false;
            if (fd < 0) {
                tell(Errno.failure("open " + path, fd, ""));
            }
            return true;
        } catch (Failure e) {
            tell(e);
            return false;
        }
    }

    /** Once: a full disk stays one for a while. */
    private void tell(Failure e) {
        if (!told) {
            told = true;
            Log.event(e.getMessage() + "; clients may have other addresses after the next start");
        }
    }
}
