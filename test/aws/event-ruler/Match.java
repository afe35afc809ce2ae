import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.Map;
import software.amazon.event.ruler.Machine;

/**
 * Reads {"rules": {name: pattern}, "events": [event]} and prints, for each event, the sorted names of the rules that match it.
 * Run by: java -cp '<folder of its jars>/*' Match.java
 */
class Match {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] args) throws IOException {
    JsonNode given = json.readTree(System.in);
    Machine machine = machineOf(given.get("rules"));
    ArrayNode answers = json.createArrayNode();
    for (JsonNode event : given.get("events")) {
      ArrayNode names = answers.addArray();
      machine.rulesForJSONEvent(event).stream().sorted().forEach(names::add);
    }
    System.out.println(answers);
  }

  private static Machine machineOf(JsonNode rules) {
    Machine machine = Machine.builder().build();
    for (Map.Entry<String, JsonNode> rule : rules.properties()) {
      try {
        machine.addRule(rule.getKey(), rule.getValue().toString());
      } catch (IOException refused) {
        System.err.println("The pattern of " + rule.getKey() + " is refused: " + refused.getMessage());
        System.exit(1);
      }
    }
    return machine;
  }
}
