package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** AES-GCM is the processor's only where both of its halves are: else the slower cipher would be preferred. */
class ProcessorTest {
    /** Of Proxmox' x86-64-v2-AES, a PC, a Raspberry Pi 4 and one 5, and with the flags at the lines' ends. */
    @ParameterizedTest
    @CsvSource({
        "flags: fpu pni ssse3 cx16 sse4_1 sse4_2 popcnt aes hypervisor, false",
        "flags: fpu pni pclmulqdq ssse3 sse4_1 sse4_2 popcnt aes xsave avx hypervisor, true",
        "Features: fp asimd evtstrm crc32 cpuid, false",
        "Features: fp asimd evtstrm aes pmull sha1 sha2 crc32, true",
        "Features: fp pmull aes, true",
        "Features: fp aes pmull, true",
        "flags: vaes vpclmulqdq, false"})
    void needsBoth(String flags, boolean has) {
        assertEquals(has, Processor.hasAes("processor: 0\n" + flags + "\nbugs:\n"));
    }
}
