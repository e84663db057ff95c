package simplevpn;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Set;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.linux.FileWatch;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Replacement;
import simplevpn.linux.Stream;
import simplevpn.linux.TextFile;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Hub;
import simplevpn.protocol.Wire;
import simplevpn.tls.Credentials;
import simplevpn.tls.Handshakes;
import simplevpn.tls.Key;
import simplevpn.tls.Pin;
import simplevpn.tls.Records;
import simplevpn.tls.TlsStream;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * Who gets in: everybody, where the server has no key; otherwise those whose keys are in its peers file, over TLS, and
 * those who come without TLS from networks that are named.
 */
final class Gate implements Handler {
    /** How often the peers' file is looked at without a hint, and how long it has to stay the same, nanoseconds. */
    private static final long LOOK = 5_000_000_000L;
    private static final long SETTLE = 200_000_000L;

    /** {@code null} for a gate that is open. */
    private Credentials credentials;
    private Key[] keys;
    private Records records;
    private Handshakes handshakes;
    private ServerSettings settings;
    private Peers peers;
    private Server server;
    private Hub<Peer> hub;
    /** The VPN's own networks. */
    private Network[] own;
    private Loop loop;
    private FileWatch file;
    private LeaseFile leases;
    /** What the file was when it was read, and when it was looked at. */
    private long read;
    private long seen;
    private boolean looksSoon;
    /** Whether what was read last was right. */
    private boolean good = true;

    /** Reads the file when it is another one, and has been for a moment: whoever writes it may not be done. */
    private final Timer look = new Timer() {
        @Override
        protected void expired(long now) {
            long state = file.state();
            looksSoon = state != read && state != seen;
            if (state != read && !looksSoon) {
                read = state;
                reread();
            }
            seen = state;
            loop.timers.set(this, now + (looksSoon ? SETTLE : LOOK));
        }
    };

    /** A gate that is open, until there are keys. */
    Gate() {
    }

    /** Lets only those in whom the settings name. */
    Gate(ServerSettings settings, Key[] keys, Handshakes handshakes) throws Failure {
        this.settings = settings;
        this.keys = keys;
        LeaseFile.prepare(settings.user);
        credentials = Credentials.ofServer(keys);
        records = new Records();
        this.handshakes = handshakes;
    }

    /** The client that is connected and has a name, or a key with a pin; or {@code null}. */
    Peer client(String nameOrPin) {
        Peers.Known known = peers == null ? null : peers.named(nameOrPin);
        Peer peer = known == null ? null : hub.identified(known.identity);
        return peer == null || nameOrPin.equals(peer.name()) || nameOrPin.equals(peer.link.stream.pin()) ? peer : null;
    }

    /** The pin of this server's first key, or {@code null} for a gate that is open. */
    Pin pin() {
        return keys == null ? null : keys[0].pin();
    }

    /**
     * Reads the peers file. The addresses that it gives away belong to their clients from now on. Called as the user
     * who reads it when it changes: what he may not read ends the start, and not the first change.
     *
     * @param networks the VPN's own, or {@code null}
     */
    void guard(Server of, Network... networks) throws Failure {
        server = of;
        hub = of.hub;
        own = networks;
        if (credentials == null) {
            server.lead(null);
            Log.event("without --key, whoever reaches this port joins, and whoever is on the way reads");
            return;
        }
        try {
            finish(settings.peers);
        } catch (Failure e) {
            Log.event(e.getMessage() + "; it was begun when this server ended last, and does not count");
        }
        file = new FileWatch(settings.peers);
        read = file.state();
        peers = Peers.read(settings.peers, own);
        for (Key key : keys) {
            Log.event("this server's key is " + key.pin() + ", " + peers.size() + " clients are in " + settings.peers);
        }
        leases = new LeaseFile(settings.peers, LeaseFile.FOLDER);
        leases.tidy(peers);
        for (Peers.Known known : peers.all()) {
            Address address = leases.of(known.name);
            if (address != null) {
                hub.give(address, known.identity);
            }
        }
        fix();
    }

    /**
     * Adds the names of all clients that are known, connected or not, in small letters; of a name with dots its first
     * part too, which a domain behind it may make the same of.
     */
    void addNames(Set<String> to) {
        if (credentials != null) {
            for (Peers.Known known : peers.all()) {
                String name = known.name.toLowerCase(Locale.ROOT);
                to.add(name);
                int dot = name.indexOf('.');
                if (dot > 0) {
                    to.add(name.substring(0, dot));
                }
            }
        }
    }

    /** A client has its address: if that is by a name, it keeps it. */
    void joined(String name, Address address) {
        if (name != null) {
            leases.note(name, address);
        }
    }

    private void fix() {
        hub.unfix();
        for (Peers.Known known : peers.all()) {
            if (known.address != null && !hub.fix(known.address, known.identity)) {
                Log.event(known.address + " of " + known.name + " in " + settings.peers + " is none that a client of "
                        + settings.network + " can have: it will be refused");
            }
        }
        server.lead(peers.sites);
    }

    /** Looks from time to time whether the peers' file is another one, and reads it then. */
    void watch(Loop with) {
        if (credentials != null) {
            loop = with;
            loop.timers.set(look, loop.now() + LOOK);
        }
    }

    /** The same at once when something happens in its folder. */
    void watchClosely() {
        if (credentials == null) {
            return;
        }
        try {
            loop.poller.add(file.hints(), Poller.READ, this);
        } catch (Failure e) {
            Log.event(e.getMessage() + "; changes of " + settings.peers + " are noticed some seconds later");
        }
    }

    @Override
    public void ready(boolean writable, boolean failed) {
        file.take();
        if (!looksSoon) {
            looksSoon = true;
            loop.timers.set(look, loop.now() + SETTLE);
        }
    }

    /** A connection that was accepted, as its bytes are to be read. */
    Stream enter(Stream accepted) {
        return credentials == null ? accepted : new TlsStream(accepted, credentials, records, handshakes);
    }

    /**
     * Whether a connection may ask for an address; if its key has a name, or is given one by an invitation, it has that
     * from then on.
     *
     * @param request where its request is, all of its bytes
     * @return {@code null} if it may, otherwise why not, in words for its user
     */
    String refusal(Peer peer, ByteBuffer request, int at) {
        if (credentials == null) {
            return null;
        }
        Stream stream = peer.link.stream;
        String pin = stream.pin();
        if (pin == null) {
            return takesPlain(stream) ? null : "this server takes clients with a key alone (see cli --key)";
        }
        byte[] secret = Wire.secret(request, at);
        String refusal = secret == null ? null : enrol(pin, secret);
        Peers.Known known = peers.find(pin);
        if (known != null) {
            peer.identify(known);
            return null;
        }
        return refusal != null ? refusal : "this server does not know key " + pin;
    }

    private boolean takesPlain(Stream stream) {
        Address from = stream.peer().ipv4();
        for (Network network : settings.plain) {
            if (from != null && network.contains(from)) {
                return true;
            }
        }
        return false;
    }

    /** From now on clients without keys come from where these say; others that are there have to go. */
    void take(ServerSettings next) {
        if (credentials == null) {
            return;
        }
        settings = next;
        for (Peer peer : hub.members()) {
            if (peer.link.stream.pin() == null && !takesPlain(peer.link.stream)) {
                peer.needsKey();
            }
        }
    }

    /**
     * Reads the peers' file, if it is another one than before, or was not right.
     *
     * @param renew whether the networks behind this server or clients may have changed all the same
     * @return whether there are other peers now
     */
    boolean takesPeers(boolean renew) {
        long state = credentials == null ? read : file.state();
        boolean reads = state != read || !good;
        if (reads) {
            read = state;
            reread();
        }
        if (renew && !(reads && good)) {
            server.lead(peers == null ? null : peers.sites);
        }
        return reads && good;
    }

    /**
     * Adds a key to the peers' file, if the secret is that of an invitation, which is used then; returns why not. One
     * that is there already uses it up too, since it has been seen.
     */
    private String enrol(String pin, byte[] secret) {
        try (Invitations invitations = new Invitations(settings.peers, false, InviteCommand.now())) {
            Invitations.Invited invited = invitations.find(secret, InviteCommand.now());
            if (invited == null) {
                return Answer.NO_INVITATION;
            }
            if (file.state() != read) {
                throw new Failure(Failure.SYSTEM, settings.peers + " is being changed: " + invited.name
                        + " is taken in later");
            }
            invitations.all.remove(invited);
            Peers.Known known = peers.find(pin);
            if (known != null) {
                invitations.replacement().commit();
                Log.event(known.name + ", whose key is known, has used up the invitation of " + invited.name);
                return null;
            }
            String text = Peers.with(settings.peers, pin + " " + invited.client());
            Peers.parse(settings.peers, text, own);
            // Both are on the disk before one of them counts: should the power fail between them, finish goes on.
            Replacement used = invitations.replacement();
            Replacement list = null;
            try {
                list = new Replacement(settings.peers, text);
                used.commit();
                list.commit();
            } catch (Failure e) {
                used.undo();
                if (list != null) {
                    list.undo();
                }
                throw e;
            }
            Log.event(invited.name + " is taken in by invitation, with key " + pin);
        } catch (Failure e) {
            loop.budget.logStranger(e.getMessage(), loop.now());
            return "this server cannot take anybody in now, its log says why";
        }
        read = file.state();
        reread();
        return null;
    }

    /**
     * The power failed while somebody was taken in: the invitation is used, but the list of clients is still that of
     * before. The one that was to take its place is on the disk, and is it with lines at its end.
     */
    private void finish(String path) throws Failure {
        String next = path + Replacement.SUFFIX;
        if (!TextFile.exists(next)) {
            return;
        }
        String before = TextFile.readRegular(path, Peers.MAX_FILE);
        String text = TextFile.readRegular(next, Peers.MAX_FILE);
        if (before != null && text != null && text.length() > before.length() && text.startsWith(before)
                && text.endsWith("\n")) {
            Peers.parse(next, text, own);
            new Replacement(path, text).commit();
            Log.event(path + " has the client that was taken in when this server ended last");
        }
    }

    /** What the server's owner can do about a refusal. */
    String advice(Peer peer) {
        String pin = peer.link.stream.pin();
        return pin == null ? "" : "; with this line in " + settings.peers + " it would: " + pin + " NAME";
    }

    /**
     * Reads the peers anew; those who are not among them any more are disconnected. What cannot be read changes
     * nothing.
     */
    void reread() {
        Peers before = peers;
        try {
            peers = Peers.read(settings.peers, own);
            good = true;
        } catch (Failure e) {
            good = false;
            Log.event(e.getMessage() + "; what was read before stays in force");
            return;
        }
        for (Peers.Known known : before.all()) {
            Peer peer = hub.identified(known.identity);
            if (peer != null && known.pin.equals(peer.link.stream.pin())) {
                peer.stillKnown(peers.find(known.pin), settings.peers);
            }
            if (!peers.has(known.name)) {
                hub.forget(known.identity);
            }
        }
        leases.tidy(peers);
        fix();
        for (Peers.Known known : peers.all()) {
            Peer holder = known.address == null ? null : hub.holder(known.address);
            if (holder != null) {
                holder.makeRoomFor(known);
            }
        }
        Log.event(settings.peers + " was read anew: " + peers.size() + " clients");
    }
}
