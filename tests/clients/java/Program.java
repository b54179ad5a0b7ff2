import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Java's own clients show what they can do; the protocol is in ../capabilities.py. */
public final class Program {
    static final long WAIT_MS = 60_000;
    private static final BufferedReader STDIN = new BufferedReader(new InputStreamReader(System.in));

    interface Ability {
        String show(String bootstrap, String topic) throws Exception;
    }

    private Program() {
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Ability> abilities = new LinkedHashMap<>();
        Records.addTo(abilities);
        Groups.addTo(abilities);
        Administration.addTo(abilities);
        Ability ability = abilities.get(arguments[0]);
        if (ability == null) {
            say("{\"ok\": null, \"why\": \"not in this client's program\"}");
        } else {
            String why = ability.show(arguments[1], arguments[2]);
            say("{\"ok\": true, \"why\": \"" + why + "\"}");
        }
        System.exit(0);
    }

    static void crashLeader(int partition) throws IOException {
        say("{\"please\": \"crash_leader\", \"partition\": " + partition + "}");
        STDIN.readLine();
    }

    static void crashCoordinator(String group) throws IOException {
        say("{\"please\": \"crash_coordinator\", \"group\": \"" + group + "\"}");
        STDIN.readLine();
    }

    static void until(String what, BooleanSupplier is) {
        long deadline = System.currentTimeMillis() + WAIT_MS;
        while (!is.getAsBoolean()) {
            check(System.currentTimeMillis() < deadline, "not so within " + WAIT_MS + " ms: " + what);
        }
    }

    static void check(boolean is, String otherwise) {
        if (!is) {
            throw new IllegalStateException(otherwise);
        }
    }

    static void same(Object got, Object wanted) {
        check(got.equals(wanted), got + ", not " + wanted);
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
