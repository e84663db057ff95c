package simplevpn;

/** How long the tests with random input go on: {@code FUZZ=100 make test-unit} tries a hundred times as much. */
public final class Fuzz {
    /** How often their usual number of rounds. */
    public static final int TIMES = Integer.parseInt(System.getenv().getOrDefault("FUZZ", "1"));

    private Fuzz() { }
}
