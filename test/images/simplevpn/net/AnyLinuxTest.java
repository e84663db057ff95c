package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Image;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/**
 * What {@code make dist} packs runs on systems without glibc, or with one that is too old: by the C library that comes
 * along, chosen by the launcher, which asks the system's hosts file and name servers. Systems here are folders with a
 * static busybox; those for ARM are this machine's, under qemu-user, with nothing of a C library for it.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class AnyLinuxTest extends Vpn {
    private static final int START = 60;
    /** More resident memory of the same program on the C library that comes along; KiB. */
    private static final long MORE_MEMORY = 2048;
    private static final String BUNDLED = "C library: glibc 2\\.\\d+, bundled";
    private static final String SYSTEMS = "C library: glibc 2\\.\\d+, the system's";

    private static Path tree(String target) {
        return Lab.TOP.resolve("build").resolve(target).resolve("tree");
    }

    private static Path packaged(String name, String file) {
        String folder = Command.run(120, Lab.TOP.resolve("jlink/package").toString(), Image.OWN, name).ok().output()
                .lines().toList().getLast();
        return Path.of(Command.run(20, "find", folder + "/", "-path", "*" + file).ok().output().lines().findFirst()
                .orElseThrow());
    }

    /** A system with the package's files, busybox for all commands, and a TUN device; not so much as /proc. */
    private Path system() throws IOException {
        Path root = lan.file("root/srv").getParent();
        if (Files.exists(root.resolve("bin"))) {
            return root;
        }
        Command.run(60, "cp", "-r", tree(Image.OWN) + "/.", root.toString()).ok();
        for (String folder : List.of("bin", "dev/net", "etc/simplevpn", "lib", "lib64", "proc", "run", "tmp")) {
            Files.createDirectories(root.resolve(folder));
        }
        Files.copy(packaged("busybox-static", "bin/busybox"), root.resolve("bin/busybox"));
        Command.run(20, "chroot", root.toString(), "/bin/busybox", "--install", "-s", "/bin").ok();
        for (String device : List.of("net/tun c 10 200", "null c 1 3", "urandom c 1 9")) {
            Command.script("making a device", "cd \"$0\" && mknod -m 666 $1", root.resolve("dev").toString(), device);
        }
        Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
        // Modules of another C library, and one that ends the search.
        Files.writeString(root.resolve("etc/nsswitch.conf"), "hosts: mdns4_minimal [NOTFOUND=return] nowhere\n");
        return root;
    }

    private static List<String> in(Path root, String... command) {
        return Command.words(List.of("chroot", root.toString()), command);
    }

    /** The same with /proc, which is gone with the process's own mounts. */
    private static List<String> withProc(Path root, String... command) {
        return Command.words(List.of("sh", "-c", "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"",
                root.toString()), command);
    }

    /** On a host of the lab: with mounts of its own. */
    private List<String> inLab(List<String> command) {
        return Command.words(List.of("ip", "netns", "exec", hub.namespace), command.toArray(String[]::new));
    }

    private static String run(List<String> command) {
        return Command.run(START, command.toArray(String[]::new)).ok().output();
    }

    private static void assertSays(String regex, String output) {
        assertTrue(output.lines().anyMatch(line -> line.matches(regex)), output);
    }

    /** Where java says that the system's loader is. */
    private static Path loader(Path root) throws IOException {
        return root.resolve(Files.readString(root.resolve("runtime/libc/loader")).strip().substring(1));
    }

    private static void script(Path file, String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Command.run(20, "chmod", "755", file.toString()).ok();
    }

    /** Both programs start where there is no C library at all, with their classes from the archive. */
    @Test
    void withoutAnyLibrary() throws IOException {
        Path root = system();
        for (String program : List.of("/srv", "/cli")) {
            String version = run(in(root, program, "--version"));
            assertSays(BUNDLED, version);
            assertSays("class-data archive in use", version);
            assertTrue(run(in(root, program, "--help")).contains("--version"), program);
        }
    }

    /** Nothing of the system's gets into the process: what is to be loaded before all else is of another C library. */
    @Test
    void preloaded() throws IOException {
        Path root = system();
        Path source = lan.write("preload.c", "extern int nowhere; int *pointer = &nowhere;\n");
        Command.run(60, "cc", "-shared", "-nostdlib", "-o", root.resolve("lib/preload.so").toString(),
                source.toString()).ok();
        Files.writeString(root.resolve("etc/ld.so.preload"), "/lib/preload.so\n");
        assertSays(BUNDLED, run(in(root, "/bin/env", "LD_PRELOAD=/lib/preload.so", "LD_AUDIT=/lib/preload.so", "/srv",
                "--version")));
    }

    /** Names of files have any letters, also where no locale is installed. */
    @Test
    void otherLetters() throws IOException {
        String said = run(in(system(), "/bin/sh", "-c", "cd /tmp && name=$(printf '\\303\\274') && echo nonsense >$name"
                + " && mkdir /$name && cp -r /cli /runtime /$name && ! /srv --config $name 2>&1"
                + " && /$name/cli --version && ls"));
        assertTrue(said.contains("line 1: nonsense"), said);
        assertSays(BUNDLED, said);
    }

    /** What the system's loader is not, or is no more: older, of another C library, a note. */
    @Test
    void otherLoaders() throws IOException {
        Path root = system();
        Path loader = loader(root);
        script(loader, "echo 'ld.so (Debian GLIBC 2.33-7) stable release version 2.33.'", "echo Copyright 2.41");
        assertSays(BUNDLED, run(in(root, "/srv", "--version")));
        script(loader, "echo \"$1: error while loading shared libraries: $1: cannot open shared object file\" >&2",
                "exit 127");
        assertSays(BUNDLED, run(in(root, "/srv", "--version")));
        // A link, as some have it for programs of glibc.
        Files.delete(loader);
        Files.copy(packaged("musl", "/libc.so"), loader);
        assertSays(BUNDLED, run(in(root, "/srv", "--version")));
        script(loader, "echo 'Could not start dynamically linked executable' >&2", "exit 127");
        assertSays(BUNDLED, run(in(root, "/srv", "--version")));
        // Half a package is not started by either.
        Files.delete(loader);
        Files.createSymbolicLink(loader, Path.of("/nowhere"));
        assertSays(BUNDLED, run(in(root, "/srv", "--version")));
    }

    /** A glibc that is new enough is used, in a system that has it alone, by both usual shells; and none is needed. */
    @Test
    void systemsLibrary() throws IOException {
        Path root = system();
        Path loader = loader(root);
        Files.createDirectories(loader.getParent());
        Command.run(20, "cp", "-L", "/" + root.relativize(loader), loader.toString()).ok();
        String libraries = Command.run(20, "sh", "-c", "dirname $(ldconfig -p | sed -n 's/.*libc.so.6 .*=> //p'"
                + " | head -n 1)").ok().output().strip();
        Path folder = root.resolve(libraries.substring(1));
        Files.createDirectories(folder);
        for (String library : List.of("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0")) {
            Command.run(20, "cp", "-L", libraries + "/" + library, folder.toString()).ok();
        }
        assertSays(SYSTEMS, run(inLab(withProc(root, "/srv", "--version"))));
        assertSays(SYSTEMS, run(List.of(tree(Image.OWN) + "/srv", "--version")));
        Command.run(20, "rm", "-r", root.resolve("runtime/libc").toString(), root.resolve("runtime/bin/ld.so")
                .toString()).ok();
        assertSays(SYSTEMS, run(inLab(withProc(root, "/srv", "--version"))));
    }

    /** A program of the system's own C library, musl, that lies beside ours: for hooks. */
    private static String musl(Path root) throws IOException {
        Path library = packaged("musl", "/libc.so");
        String loader = "/lib/ld-musl-" + System.getProperty("os.arch").replace("amd64", "x86_64") + ".so.1";
        Files.copy(library, root.resolve(loader.substring(1)));
        Command.run(60, "cc", "-O2", "-nostdlib", "-nostdinc", "-fno-stack-protector", "-fno-builtin",
                "-Wl,--dynamic-linker=" + loader, "-o", root.resolve("bin/hook").toString(),
                Lab.TOP.resolve("test/images/musl.c").toString(), "-L", library.getParent().toString(), "-lc").ok();
        return "/bin/hook";
    }

    /**
     * A server and a client there: the name of the server comes from the system's name servers, whatever nsswitch.conf
     * says, the hook is a program of the system's own C library, and the bundled one takes hardly more memory.
     */
    @Test
    void serverAndClient() throws Exception {
        Path root = system();
        String hook = musl(root);
        Program server = lan.start(hub, withProc(root, "/srv", "--user", "root"));
        server.awaitLine("listening on", START);
        Program plain = lan.start(west, "srv", "--user", "root");
        plain.awaitLine("listening on", START);
        try (DatagramChannel socket = hub.datagrams(hub.outer4, 53)) {
            Thread.ofPlatform().daemon().start(() -> answer(socket, hub.outer4));
            Files.writeString(root.resolve("etc/resolv.conf"), "nameserver " + hub.outer4 + "\noptions timeout:2\n");
            Program client = lan.start(east, withProc(root, "/cli", "-s", "srv.any.test", "--user", "root", "--up",
                    hook));
            client.awaitLine("connected to", START);
            client.awaitLine("up: musl is here", START);
            assertFalse(client.said("LD_"), client::log);
            east.awaitPing(SERVER, 20);
            client.stop();
        }
        assertTrue(server.rss() <= plain.rss() + MORE_MEMORY, server.rss() + " KiB, and " + plain.rss() + " KiB");
    }

    /** The hosts file goes before name servers, of which there are none here. */
    @Test
    void hostsFile() throws IOException {
        Path root = system();
        lan.start(hub, in(root, "/srv", "--user", "root")).awaitLine("listening on", START);
        Files.writeString(root.resolve("etc/hosts"), "127.0.0.1 localhost\n" + hub.outer4 + " home.any.test home\n");
        Program client = lan.start(east, in(root, "/cli", "-s", "home", "--user", "root"));
        client.awaitLine("connected to", START);
        east.awaitPing(SERVER, 20);
        Program lost = lan.start(west, in(root, "/cli", "-s", "nowhere.any.test", "--user", "root"));
        lost.awaitLine("nowhere.any.test: ", START);
    }

    /** The other processors' C libraries do as well, names included. */
    @ParameterizedTest
    @ValueSource(strings = {"aarch64", "armhf"})
    void otherProcessors(String target) {
        assertSays(BUNDLED, run(emulated(target, "Server", "--version")));
        lan.start(hub, emulated(target, "Server", "--user", "root")).awaitLine("listening on", START);
        Path hosts = lan.write("hosts", hub.outer4 + " home.any.test\n");
        Path modules = lan.write("nsswitch.conf", "hosts: nowhere\n");
        Program client = lan.start(east, Command.words(List.of("sh", "-c", "mount --bind \"$0\" /etc/hosts"
                + " && mount --bind \"$1\" /etc/nsswitch.conf && shift && exec \"$@\"", hosts.toString(),
                modules.toString()), emulated(target, "Client", "-s", "home.any.test", "--user", "root")
                .toArray(String[]::new)));
        client.awaitLine("connected to", START);
        east.awaitPing(SERVER, 20);
        assertEquals("10.0.0.2", address(east));
    }

    /** As the launcher does. */
    private static List<String> emulated(String target, String main, String... arguments) {
        Path runtime = tree(target).resolve("runtime");
        List<String> command = new ArrayList<>(List.of(target.equals("armhf") ? "qemu-arm" : "qemu-" + target,
                runtime.resolve("bin/ld.so").toString(), "--inhibit-cache", "--library-path",
                runtime.resolve("libc").toString(), runtime.resolve("bin/java").toString(),
                "-Dsimplevpn.libc=bundled", "-m", "simplevpn/simplevpn." + main));
        return Command.words(command, arguments);
    }

    /** Answers each question for an A record with the address, and every other with nothing (RFC 1035). */
    private static void answer(DatagramChannel socket, String address) {
        ByteBuffer packet = ByteBuffer.allocate(512);
        try {
            while (true) {
                packet.clear();
                var sender = socket.receive(packet);
                int end = 12;
                while (packet.get(end) != 0) {
                    end += packet.get(end) + 1;
                }
                boolean wanted = packet.getShort(end + 1) == 1;
                end += 5;
                // A response, recursion available; one question, at most one answer, and no other records.
                packet.putShort(2, (short) 0x8180).putShort(6, (short) (wanted ? 1 : 0)).putInt(8, 0);
                packet.limit(packet.capacity()).position(end);
                if (wanted) {
                    // Its name is the question's; class IN, a minute, four bytes.
                    packet.putShort((short) 0xc00c).putShort((short) 1).putShort((short) 1).putInt(60)
                            .putShort((short) 4);
                    for (String number : address.split("\\.")) {
                        packet.put((byte) Integer.parseInt(number));
                    }
                }
                socket.send(packet.flip(), sender);
            }
        } catch (AsynchronousCloseException e) {
            // The test has ended.
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
