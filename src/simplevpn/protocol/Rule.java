package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * The rules of PROTOCOL.md that the log names when a peer breaks them: what was wrong, and in brackets the part of that
 * page, and the table and row, or the words of its text, where it says so.
 */
public final class Rule {
    /** A stream that is none of frames. */
    public static final String VERSION = "version neither 4 nor 6 (PROTOCOL.md 1, table 1.2, row 6)";
    /** The same. */
    public static final String HEADER_LENGTH = "header length below 20 (PROTOCOL.md 1, table 1.2, row 4)";
    /** The same. */
    public static final String TOTAL_LENGTH = "total length below header length (PROTOCOL.md 1, table 1.2, row 4)";
    /** The same. */
    public static final String CHECKSUM = "header checksum wrong (PROTOCOL.md 1, table 1.2, row 4)";
    /** A first request that does not end. */
    public static final String LONG_REQUEST = "request longer than 256 bytes (PROTOCOL.md 1, \"Request and answer\")";
    /** A connection without a request. */
    public static final String NOT_ASKED = "no request within 10 s (PROTOCOL.md 1, \"Request and answer\")";
    /** A request without an answer. */
    public static final String NOT_ANSWERED = "no answer within 10 s (PROTOCOL.md 1, \"Request and answer\")";
    /** A client that sends and never reads. */
    public static final String UNREAD = "asks for an address but does not read (PROTOCOL.md 2, table 2.2)";
    /** Packets that are not the client's. */
    public static final String SOURCE = "source not its own (PROTOCOL.md 1, \"Data\")";
    /** A packet of IPv6 where it is not in force. */
    public static final String IPV6 = "IPv6 without feature 0x04 (PROTOCOL.md 1, table 1.2, row 5)";
    /** A tag that says what cannot be. */
    public static final String TAG = "tag unsound (PROTOCOL.md 3, table 3.2)";
    /** An answer that cannot be used. */
    public static final String ANSWER_LENGTH = "answer longer than 4096 bytes (PROTOCOL.md 6, table 6.1)";
    /** The same. */
    public static final String OPTION_END = "option longer than the answer (PROTOCOL.md 2, \"Options\")";
    /** The same, of the first options and of the later ones; which one it is stands in front of it. */
    public static final String OPTION = "not valid (PROTOCOL.md 2, table 2.3)";
    /** The same. */
    public static final String OPTION_OF_IPV6 = "not valid (PROTOCOL.md 5, table 5.2)";
    /** The same. */
    public static final String OPTION_OF_NAMES = "not valid (PROTOCOL.md 6, table 6.1)";
    /** The same. */
    public static final String ASSIGNED = "assigned address that no host can have (PROTOCOL.md 1, table 1.4)";

    /** Types from which on the options of part 5 and part 6 begin. */
    private static final int IPV6_TYPES = 7;
    private static final int NAME_TYPES = 10;

    private Rule() {
    }

    /** What the log says of a peer that broke one of these rules, and is given up for it. */
    public static String broken(String rule) {
        return "broke the protocol: " + rule;
    }

    /**
     * The rule that bytes break of which {@link Wire#frame} says that they are no frame, or that they begin a message
     * which is too long.
     */
    public static String ofFrame(ByteBuffer b, int at) {
        int first = b.getShort(at) >>> Byte.SIZE & 0xff;
        int total = b.getShort(at + 2) & 0xffff;
        int header = (first & 15) * Integer.BYTES;
        if (first >>> 4 != 4) {
            return VERSION;
        }
        if (total >= Wire.HEADER && Wire.isRequest(b, at)) {
            return LONG_REQUEST;
        }
        return header < Wire.HEADER ? HEADER_LENGTH : total < header ? TOTAL_LENGTH : CHECKSUM;
    }

    /** The rule that an option of an answer breaks, and which option that is. */
    static String ofOption(int type, int size) {
        return "option " + type + " with " + size + " bytes is "
                + (type < IPV6_TYPES ? OPTION : type < NAME_TYPES ? OPTION_OF_IPV6 : OPTION_OF_NAMES);
    }
}
