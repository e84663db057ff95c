package simplevpn.linux;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * All numbers of {@link Abi} as they are on the VM that runs this, found by reflection. A program too, for the VMs of
 * other processors, whose images have no JUnit: it prints {@code Abi NAME NUMBER} for each.
 */
final class AbiNumbers {
    private AbiNumbers() {
    }

    static Map<String, Integer> all() throws IllegalAccessException {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        for (Field field : Abi.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                numbers.put(field.getName(), field.getInt(null));
            }
        }
        return numbers;
    }

    public static void main(String[] words) throws IllegalAccessException {
        all().forEach((name, number) -> System.out.println("Abi " + name + " " + number));
    }
}
