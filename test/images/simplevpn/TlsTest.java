package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.linux.CProgram;

/** jlink/exclude leaves a class library in the images with which TLS 1.3 between pinned keys works. */
class TlsTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));
    private static final String NAME = "CN=Straße 1, O=simplevpn";
    private static final List<String> SUITES = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"x86_64, EC, secp256r1", "x86_64, EdDSA, Ed25519", "aarch64, EC, secp256r1",
            "aarch64, EdDSA, Ed25519", "armhf, EC, secp256r1", "armhf, EdDSA, Ed25519"})
    void shakesHandsOnTheImage(String target, String algorithm, String group) throws Exception {
        String keys = folder.resolve("keys.p12").toString();
        CProgram.run(System.getProperty("java.home") + "/bin/keytool", "-genkeypair", "-keyalg", algorithm,
                "-groupname", group, "-dname", NAME, "-alias", "simplevpn", "-keystore", keys, "-storepass", "secret");
        String output = CProgram.run(command(target, keys));
        StringBuilder expected = new StringBuilder();
        for (String suite : SUITES) {
            expected.append("TLSv1.3 ").append(suite).append(" with ").append(algorithm).append(" of ").append(NAME)
                    .append('\n');
        }
        assertEquals(expected.toString(), output);
    }

    private static String[] command(String target, String keys) {
        List<String> command = new ArrayList<>(List.of(TOP.resolve("jlink/emulate").toString(), target,
                TOP.resolve("build/" + target + "/image/bin/java").toString(), "-Xshare:off",
                "--add-modules", "simplevpn", "-Dstdout.encoding=UTF-8",
                "-Xbootclasspath/a:" + TOP.resolve("build/test/images"),
                "simplevpn.handshake.TlsHandshake", keys, "secret"));
        command.addAll(SUITES);
        return command.toArray(String[]::new);
    }
}
