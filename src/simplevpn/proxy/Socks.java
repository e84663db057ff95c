package simplevpn.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import simplevpn.base.Address;

/** A proxy that speaks SOCKS 5 (RFC 1928), with a password if it wants one (RFC 1929). It looks names up itself. */
final class Socks extends Negotiation {
    private static final int VERSION = 5;
    private static final int NO_LOGIN = 0;
    private static final int PASSWORD = 2;
    private static final int NOTHING_FITS = 0xff;
    private static final int CONNECT = 1;
    /** Kinds of addresses. */
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    /** Bytes of an answer in front of its address, and of its port. */
    private static final int HEAD = 4;
    private static final int PORT = 2;

    /** What the next byte belongs to. */
    private enum State { METHOD, LOGIN, ANSWER }

    private final Proxy proxy;
    private final String host;
    private final int port;
    private State state = State.METHOD;
    /** Bytes that have come in this state, and in ANSWER how many there will be. */
    private int count;
    private int length;
    private byte[] output;

    Socks(Proxy proxy, String host, int port) {
        this.proxy = proxy;
        this.host = host;
        this.port = port;
    }

    @Override
    public String server() {
        return Proxy.bracketed(host) + ":" + port;
    }

    @Override
    public byte[] begin() {
        enter(State.METHOD);
        return proxy.user == null ? new byte[] {VERSION, 1, NO_LOGIN} : new byte[] {VERSION, 2, NO_LOGIN, PASSWORD};
    }

    @Override
    public byte[] output() {
        return output;
    }

    @Override
    public Verdict take(int octet) {
        count++;
        if (state == State.METHOD) {
            return count == 1 ? version(octet) : method(octet);
        }
        if (state == State.LOGIN) {
            // Of the version that comes first, 1, some proxies make a 5.
            return count == 1 ? Verdict.MORE : login(octet);
        }
        return answer(octet);
    }

    private void enter(State next) {
        state = next;
        count = 0;
        length = HEAD + 1;
    }

    private Verdict version(int octet) {
        return octet == VERSION ? Verdict.MORE : failed("does not speak SOCKS 5"
                + (octet == 'H' ? " but HTTP, it seems: --proxy http://" + proxy + "?" : ""));
    }

    private Verdict method(int octet) {
        if (octet == NO_LOGIN) {
            return connect();
        }
        if (octet == PASSWORD && proxy.user != null) {
            ByteBuffer login = ByteBuffer.allocate(3 + proxy.user.length() + proxy.password.length()).put((byte) 1);
            put(login, proxy.user);
            put(login, proxy.password);
            output = login.array();
            enter(State.LOGIN);
            return Verdict.SEND;
        }
        if (octet != NOTHING_FITS) {
            return failed("wants method " + octet + " of SOCKS 5, which it was not offered");
        }
        return refused(proxy.user == null ? "wants a login: --proxy socks5://USER@" + proxy
                + " with --proxy-password FILE" : "takes neither a password nor everybody");
    }

    private static void put(ByteBuffer to, String octets) {
        byte[] bytes = octets.getBytes(StandardCharsets.ISO_8859_1);
        to.put((byte) bytes.length).put(bytes);
    }

    private Verdict login(int octet) {
        return octet == 0 ? connect() : refused("does not take this user, or his password");
    }

    private Verdict connect() {
        ByteBuffer request = ByteBuffer.allocate(HEAD + 1 + Proxy.MOST + PORT)
                .put((byte) VERSION).put((byte) CONNECT).put((byte) 0);
        Address address = Address.parse(host);
        if (address == null) {
            put(request.put((byte) NAME), Proxy.octets(host));
        } else if (address.isIpv6()) {
            request.put((byte) IPV6).putLong(address.high()).putLong(address.low());
        } else {
            request.put((byte) IPV4).putInt(address.ipv4());
        }
        request.putShort((short) port).flip();
        output = new byte[request.limit()];
        request.get(output);
        enter(State.ANSWER);
        return Verdict.SEND;
    }

    /** Version, result, nothing, kind of address; an address that nobody needs. */
    private Verdict answer(int octet) {
        if (count == 1 && octet != VERSION) {
            return failed("does not speak SOCKS 5: its answer to CONNECT is of version " + octet);
        }
        if (count == 2 && octet != 0) {
            return result(octet);
        }
        if (count == HEAD) {
            length = switch (octet) {
                case IPV4 -> HEAD + Integer.BYTES + PORT;
                case IPV6 -> HEAD + 2 * Long.BYTES + PORT;
                case NAME -> HEAD + 1;
                default -> 0;
            };
            if (length == 0) {
                return failed("does not speak SOCKS 5: it answers with a kind of address, " + octet
                        + ", that there is not");
            }
        } else if (count == HEAD + 1 && length == HEAD + 1) {
            length += octet + PORT;
        }
        return count == length ? Verdict.DONE : Verdict.MORE;
    }

    /** RFC 1928, 6. */
    private Verdict result(int octet) {
        if (octet == 2) {
            return refused("does not allow connections to " + server());
        }
        return failed("could not connect to " + server() + ": " + switch (octet) {
            case 1 -> "it does not say why (1)";
            case 3 -> "no way to that network (3)";
            case 4 -> "it cannot reach that host, or does not know its name (4)";
            case 5 -> "connection refused (5)";
            case 6 -> "no answer (6)";
            case 7 -> "it does not connect for others (7)";
            case 8 -> "it does not know this kind of address (8)";
            default -> "error " + octet;
        });
    }
}
