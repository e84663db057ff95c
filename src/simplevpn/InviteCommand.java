package simplevpn;

import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.HostName;
import simplevpn.linux.Replacement;
import simplevpn.linux.TextFile;
import simplevpn.protocol.Hub;
import simplevpn.tls.Pin;

/** What {@code srv} does about invitations, beside the server that runs or before it does. */
final class InviteCommand {
    private static final int HOUR = 3600;
    private static final int DAY = 24 * HOUR;
    private static final long EXPIRES = 7 * DAY;
    /** Seconds that an invitation may last at most. */
    private static final long LONGEST = 3650L * DAY;

    private final Options options;
    private final ServerSettings settings;

    private InviteCommand(Options options, ServerSettings settings) {
        this.options = options;
        this.settings = settings;
    }

    /** Adds the options that this is about. */
    static Options add(Options options) {
        return options
                .add((char) 0, "invite", "NAME", "let a new client in by the command that this prints")
                .add((char) 0, "address", "ADDRESS", "--invite: which it shall have (default: any)")
                .add((char) 0, "expires", "TIME", "--invite: until when, such as 2h or 30d (default 7d)")
                .add((char) 0, "host", "HOST", "--invite: how clients reach this server (default: its host name)")
                .add((char) 0, "invites", null, "list the invitations that were not used")
                .add((char) 0, "uninvite", "NAME", "withdraw those of NAME");
    }

    /** Does what the options ask for; returns whether that is all that was wanted. */
    static boolean isAnswered(Options options, ServerSettings settings) throws Failure {
        boolean invite = options.given("invite");
        boolean uninvite = options.given("uninvite");
        boolean list = options.given("invites");
        for (String about : new String[] {"address", "expires", "host"}) {
            if (options.given(about) && !invite) {
                throw options.wrong("--invite NAME is missing: --" + about + " says something about that");
            }
        }
        if (!invite && !uninvite && !list) {
            return false;
        }
        if (invite ? uninvite || list : uninvite && list) {
            throw options.wrong("--invite, --uninvite and --invites are one command each");
        }
        if (settings.peers == null) {
            throw options.wrong("--key FILE and --peers FILE are missing: invitations are to a server with keys");
        }
        InviteCommand command = new InviteCommand(options, settings);
        try (Invitations invitations = new Invitations(settings.peers, true, now())) {
            if (invite) {
                command.invite(invitations);
            } else if (uninvite) {
                command.withdraw(invitations);
            } else {
                list(invitations);
            }
        }
        return true;
    }

    /** Seconds since 1970. */
    static long now() {
        return System.currentTimeMillis() / 1000;
    }

    private void invite(Invitations invitations) throws Failure {
        String name = options.text("invite");
        if (!Peers.isName(name)) {
            throw options.bad("invite", Peers.NAMES);
        }
        Address address = options.address("address");
        if (address != null && !Hub.canHave(settings.network, address)) {
            throw options.bad("address", "is none that a client of " + settings.network + " can have");
        }
        for (Invitations.Invited other : invitations.all) {
            if (address != null && address.equals(other.address) && other.isGood(now())) {
                throw options.bad("address", "is promised to " + other.name + " (see srv --invites)");
            }
        }
        if (settings.user != null) {
            Replacement.check(settings.peers, settings.user);
        }
        if (!TextFile.exists(settings.peers)) {
            new Replacement(settings.peers, "").commit();
        }
        Pin[] pins = new Pin[settings.keys.length];
        for (int i = 0; i < pins.length; i++) {
            pins[i] = KeyFiles.read(settings.keys[i]).pin();
        }
        Invitation invitation = Invitation.to(host(), settings.port, pins);
        String hash = Pin.hashing(invitation.secret).toString();
        Invitations.Invited invited = new Invitations.Invited(hash, now() + lasts(), name, address);
        // What the peers will be told must not contradict what is there.
        Peers.parse(settings.peers, Peers.with(settings.peers, hash + " " + invited.client()),
                settings.network);
        if (invitations.isPromised(name, now()) || Peers.read(settings.peers).has(name)) {
            Log.event(name + " is there already: this is for another key of the same device, since of two with one name"
                    + " only one can be connected");
        }
        invitations.all.add(invited);
        invitations.replacement().commit();
        System.out.println("cli --join " + invitation);
        if (System.out.checkError()) {
            invitations.all.remove(invited);
            invitations.replacement().commit();
            throw new Failure(Failure.SYSTEM, "the invitation could not be printed, and is withdrawn");
        }
    }

    private String host() throws Failure {
        String host = options.text("host");
        if (host == null) {
            host = HostName.own();
            Log.event("the client will look for " + host + ", this machine's own name; --host says another one");
        }
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        if (!Invitation.isHost(host)) {
            throw options.wrong("--host " + host + ": must be a host name or an address");
        }
        return host;
    }

    /** Seconds that the invitation may be used. */
    private long lasts() throws Failure {
        if (!options.given("expires")) {
            return EXPIRES;
        }
        String text = options.text("expires");
        int last = text.length() - 1;
        char letter = last < 0 ? ' ' : text.charAt(last);
        int unit = letter == 'd' ? DAY : letter == 'h' ? HOUR : letter == 'm' ? 60 : 0;
        long number = 0;
        for (int i = 0; i < last && number <= LONGEST; i++) {
            int digit = text.charAt(i) - '0';
            number = digit < 0 || digit > 9 ? Long.MAX_VALUE / DAY : number * 10 + digit;
        }
        if (number * unit < 1 || number * unit > LONGEST) {
            throw options.bad("expires", "must be a number of minutes (m), hours (h) or days (d), 3650d at most");
        }
        return number * unit;
    }

    private void withdraw(Invitations invitations) throws Failure {
        String name = options.text("uninvite");
        if (!invitations.withdraw(name)) {
            throw new Failure(Failure.USAGE, "there is no invitation of " + name + "; srv --invites lists them");
        }
        invitations.replacement().commit();
    }

    private static void list(Invitations invitations) {
        List<Invitations.Invited> all = invitations.all;
        for (Invitations.Invited invited : all) {
            long left = invited.expires - now();
            if (left <= 0) {
                continue;
            }
            String time = left > 2 * DAY ? units(left, DAY) + " days" : left > 2 * HOUR ? units(left, HOUR) + " hours"
                    : units(left, 60) + " minutes";
            System.out.println(invited.client() + ", for " + time);
        }
    }

    /** Rounded up. */
    private static long units(long seconds, int unit) {
        return (seconds + unit - 1) / unit;
    }
}
