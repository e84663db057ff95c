package simplevpn.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.Fuzz;
import simplevpn.proxy.Negotiation.Verdict;

/** What is said to a proxy by SOCKS 5: with and without a password, each kind of address, and each refusal. */
class SocksTest {
    private static final String DONE = "05000001 00000000 0000";

    private static Talk talk(String user, String password, String host) {
        return new Talk(new Proxy(true, "gate", 1080, user, password, 1), host, 0x07d2);
    }

    private static Talk talk() {
        return talk(null, null, "hub");
    }

    @Test
    void connects() {
        Talk talk = talk();
        assertEquals("050100", talk.hex());
        assertEquals(Verdict.MORE, talk.sayHex("05"));
        assertEquals(Verdict.SEND, talk.sayHex("00"));
        assertEquals("05010003" + "03687562" + "07d2", talk.hex(), "the proxy looks the name up");
        assertEquals(Verdict.DONE, talk.sayHex(DONE + "ffff"));
        assertEquals(2, talk.left, "the server's");
    }

    @Test
    void addresses() {
        Talk ipv4 = talk(null, null, "192.0.2.1");
        ipv4.sayHex("0500");
        assertEquals("05010001" + "c0000201" + "07d2", ipv4.hex());
        assertEquals(Verdict.DONE, ipv4.sayHex("05000003 02 6162 1234"));
        Talk ipv6 = talk(null, null, "2001:db8::1");
        ipv6.sayHex("0500");
        assertEquals("05010004" + "20010db8000000000000000000000001" + "07d2", ipv6.hex());
        assertEquals(Verdict.DONE, ipv6.sayHex("05000004 20010db8000000000000000000000001 1234"));
        Talk empty = talk();
        empty.sayHex("0500");
        assertEquals(Verdict.MORE, empty.sayHex("05000003 00 12"));
        assertEquals(Verdict.DONE, empty.sayHex("34"));
        assertEquals("hub:2002", empty.negotiation.server());
        assertEquals("[2001:db8::1]:2002", ipv6.negotiation.server());
    }

    @Test
    void password() {
        Talk talk = talk("me", "sé", "hub");
        assertEquals("05020002", talk.hex());
        assertEquals(Verdict.SEND, talk.sayHex("0502"));
        assertEquals("01" + "026d65" + "0373c3a9", talk.hex());
        assertEquals(Verdict.MORE, talk.sayHex("01"));
        assertEquals(Verdict.SEND, talk.sayHex("00"));
        assertTrue(talk.hex().startsWith("05010003"));
        assertEquals(Verdict.DONE, talk.sayHex(DONE));
        Talk wrong = talk("me", "x", "hub");
        wrong.sayHex("0502");
        assertEquals(Verdict.REFUSED, wrong.sayHex("0101"));
        assertEquals("does not take this user, or his password", wrong.why());
        Talk unneeded = talk("me", "x", "hub");
        assertEquals(Verdict.SEND, unneeded.sayHex("0500"));
        assertTrue(unneeded.hex().startsWith("05010003"), "a password that nobody wants stays here");
    }

    @Test
    void longest() {
        String all = "x".repeat(255);
        Talk talk = talk(all, all, all);
        talk.sayHex("0502");
        assertEquals("01ff" + "78".repeat(255) + "ff" + "78".repeat(255), talk.hex());
        talk.sayHex("0100");
        assertEquals("05010003ff" + "78".repeat(255) + "07d2", talk.hex());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "04|FAILED|does not speak SOCKS 5",
        "48|FAILED|does not speak SOCKS 5 but HTTP, it seems: --proxy http://gate:1080?",
        "05ff|REFUSED|wants a login: --proxy socks5://USER@gate:1080 with --proxy-password FILE",
        "0501|FAILED|wants method 1 of SOCKS 5, which it was not offered",
        "0502|FAILED|wants method 2 of SOCKS 5, which it was not offered",
        "0500 04|FAILED|does not speak SOCKS 5: its answer to CONNECT is of version 4",
        "0500 05000002|FAILED|does not speak SOCKS 5: it answers with a kind of address, 2, that there is not",
        "0500 0501|FAILED|could not connect to hub:2002: it does not say why (1)",
        "0500 0502|REFUSED|does not allow connections to hub:2002",
        "0500 0503|FAILED|could not connect to hub:2002: no way to that network (3)",
        "0500 0504|FAILED|could not connect to hub:2002: it cannot reach that host, or does not know its name (4)",
        "0500 0505|FAILED|could not connect to hub:2002: connection refused (5)",
        "0500 0506|FAILED|could not connect to hub:2002: no answer (6)",
        "0500 0507|FAILED|could not connect to hub:2002: it does not connect for others (7)",
        "0500 0508|FAILED|could not connect to hub:2002: it does not know this kind of address (8)",
        "0500 05fe|FAILED|could not connect to hub:2002: error 254"})
    void refusals(String said, Verdict verdict, String why) {
        Talk talk = talk();
        assertEquals(verdict, talk.sayHex(said));
        assertEquals(why, talk.why());
    }

    @Test
    void nothingFits() {
        Talk talk = talk("me", "x", "hub");
        assertEquals(Verdict.REFUSED, talk.sayHex("05ff"));
        assertEquals("takes neither a password nor everybody", talk.why());
    }

    /** Whatever comes, the longest answer that there can be ends it. */
    @Test
    void fuzz() {
        Random random = new Random(1928);
        for (int i = 0; i < 50_000 * Fuzz.TIMES; i++) {
            Talk talk = talk("me", "x", "hub");
            Verdict verdict = Verdict.MORE;
            for (int j = 0; j < 300 && (verdict == Verdict.MORE || verdict == Verdict.SEND); j++) {
                byte[] next = {(byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(6))};
                verdict = talk.say(next);
            }
            assertNotEquals(Verdict.MORE, verdict);
            assertNotEquals(Verdict.SEND, verdict);
        }
    }
}
