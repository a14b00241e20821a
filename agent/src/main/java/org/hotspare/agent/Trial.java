package org.hotspare.agent;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.hotspare.admin.AdminClient;
import org.hotspare.admin.Answer;
import org.hotspare.admin.CommandFailure;
import org.hotspare.admin.MirrorState;
import org.hotspare.admin.MirrorStatus;
import org.hotspare.admin.Outcome;
import org.hotspare.admin.Progress;
import org.hotspare.admin.Status;
import org.hotspare.cli.ProgressLine;
import org.hotspare.cli.Quantities;
import org.hotspare.cli.Terminal;
import org.hotspare.config.Configuration;
import org.hotspare.config.ConfigurationException;
import org.hotspare.tree.Bytes;
import org.hotspare.watch.WorkDirectories;
import org.hotspare.wire.Admission;
import org.hotspare.wire.Certificates;
import org.hotspare.wire.Invitations;
import org.hotspare.wire.JoinToken;
import org.jspecify.annotations.Nullable;

/**
 * The whole system on one machine, for whoever wants to see it: a primary and a standby as
 * processes of their own on loopback, with nothing to configure.
 */
final class Trial {
  private static final String WITNESS = "gamma";
  private static final List<String> DATA_NODES = List.of("alpha", "beta");
  private static final List<String> NODES = List.of("alpha", "beta", WITNESS);
  private static final int START_SECONDS = 60;

  /** Options of Java that a process beside this one may have, too. */
  private static final Pattern OF_AGENTS =
      Pattern.compile("-Xm.*|-XX:(?!StartFlightRecording|FlightRecorder|AOT).*");

  private final Path where;
  private final PrintWriter out;
  private final Map<String, Process> agents = new LinkedHashMap<>();

  /** Whether a witness and a lease decide on roles, instead of the configuration. */
  private boolean leased;

  Trial(Path where, PrintWriter out) {
    this.where = where;
    this.out = out;
  }

  /** Runs until this process is told to end, or an agent ends. */
  Outcome run(@Nullable Path directory, boolean inPlace)
      throws CommandFailure, InterruptedException {
    if (Files.exists(nodeDirectory(WITNESS))) {
      throw isThere();
    }
    return with(
        directory,
        inPlace,
        () -> {
          explain();
          follow();
          return Outcome.NO;
        });
  }

  /** Has the primary die, and the standby take its place, and ends. */
  Outcome drill(@Nullable Path directory, boolean inPlace)
      throws CommandFailure, InterruptedException {
    if (Files.exists(where)) {
      throw isThere();
    }
    leased = true;
    return with(directory, inPlace, () -> new Drill(this, out).run());
  }

  /** What is done while the agents run. */
  @FunctionalInterface
  private interface Course {
    Outcome run() throws CommandFailure, IOException, ConfigurationException, InterruptedException;
  }

  private Outcome with(@Nullable Path directory, boolean inPlace, Course course)
      throws CommandFailure, InterruptedException {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::endAgents));
    try {
      prepare(directory, inPlace);
      for (String node : nodes()) {
        start(node);
      }
      return course.run();
    } catch (IOException | ConfigurationException e) {
      throw new CommandFailure(Outcome.NO, String.valueOf(e.getMessage()));
    } finally {
      endAgents();
    }
  }

  private List<String> nodes() {
    return leased ? NODES : DATA_NODES;
  }

  private CommandFailure isThere() {
    return new CommandFailure(
        Outcome.NO, where + " is there from an earlier time; remove it with: hotspare try --clean");
  }

  // ---- preparation

  private void prepare(@Nullable Path directory, boolean inPlace)
      throws IOException, ConfigurationException, CommandFailure, InterruptedException {
    Path source = directory == null ? null : directory.toRealPath();
    boolean again = Files.exists(where);
    if (again && source != null) {
      throw isThere();
    }
    if (source != null && where.startsWith(source)) {
      throw new CommandFailure(
          Outcome.WRONG, where + " would lie inside " + source + "; run this in another directory");
    }
    if (again) {
      return;
    }
    List<Integer> ports = freePorts(nodes().size());
    for (String node : nodes()) {
      Files.createDirectories(nodeDirectory(node));
      WorkDirectories.createPrivate(nodeDirectory(node).resolve("state"));
    }
    for (String node : DATA_NODES) {
      Files.createDirectories(treeOf(node));
    }
    if (source != null && !inPlace) {
      copy(source, treeOf("alpha"));
    } else if (source == null) {
      sample(treeOf("alpha"));
    }
    Path primaryTree = source != null && inPlace ? source : treeOf("alpha");
    String configuration = configuration(primaryTree, treeOf("beta"), ports);
    for (String node : nodes()) {
      Files.writeString(configurationOf(node), configuration);
    }
    certify();
  }

  private String configuration(Path alphaTree, Path betaTree, List<Integer> ports) {
    String witness =
        leased
            ? "gamma: {address: \"127.0.0.1:%d\", witness: true}".formatted(ports.getLast())
            : "";
    String roles = leased ? "lease: {duration: 2s}" : "primary: alpha";
    return """
        cluster: try
        nodes:
          alpha: {address: "127.0.0.1:%d"}
          beta: {address: "127.0.0.1:%d", paths: {tree: "%s"}}
          %s
        %s
        mirrors:
          tree: {path: "%s"}
        state: state
        """
        .formatted(ports.get(0), ports.get(1), betaTree, witness, roles, alphaTree);
  }

  private void certify() throws IOException, ConfigurationException {
    Configuration alpha = Configuration.load(configurationOf("alpha"));
    Configuration beta = Configuration.load(configurationOf("beta"));
    Certificates.init(Agent.tlsDirectory(alpha), alpha.cluster(), "alpha");
    Certificates authority = Certificates.load(Agent.tlsDirectory(alpha));
    Admission admission =
        new Admission(
            authority,
            new Invitations(Agent.invitationsDirectory(alpha)),
            () -> Bytes.of(beta.text()));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var listener =
        org.hotspare.wire.Listener.start(
            address,
            authority,
            node -> false,
            admission,
            org.hotspare.wire.LinkOptions.of(org.hotspare.admin.Version.current()),
            link -> link.close("not here"))) {
      for (String node : nodes().subList(1, nodes().size())) {
        JoinToken token =
            admission.invite(
                node, DATA_NODES.contains(node), List.of(listener.address()), Invitations.VALID);
        Path tls = Agent.tlsDirectory(Configuration.load(configurationOf(node)));
        Admission.join(token, tls, org.hotspare.admin.Version.current());
      }
    }
  }

  static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  /** Copies with cp, which knows every kind of file; shows how far it is. */
  private void copy(Path source, Path target)
      throws IOException, InterruptedException, CommandFailure {
    out.printf("Copying %s to %s, so that nothing is ever written there.%n", source, target);
    out.flush();
    Process copying =
        new ProcessBuilder("cp", "-a", "--reflink=auto", source + "/.", target.toString())
            .redirectErrorStream(true)
            .redirectOutput(nodeDirectory("alpha").resolve("copy.log").toFile())
            .start();
    while (!copying.waitFor(1, TimeUnit.SECONDS)) {
      out.print(Terminal.showsOutput() ? "." : "");
      out.flush();
    }
    out.println();
    if (copying.exitValue() != 0) {
      String log = Files.readString(nodeDirectory("alpha").resolve("copy.log"));
      throw new CommandFailure(Outcome.NO, source + " could not be copied: " + log.strip());
    }
  }

  private static void sample(Path tree) throws IOException {
    Files.createDirectories(tree.resolve("pages"));
    for (int i = 1; i <= 20; i++) {
      Files.writeString(tree.resolve("pages/page-" + i + ".html"), "<h1>Page " + i + "</h1>\n");
    }
    Files.writeString(tree.resolve("index.html"), "<h1>Edit me</h1>\n");
  }

  // ---- agents

  void start(String node) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx256m"));
    // As this one was started, with what a real agent is given; but a file or a port that an option
    // names is this one's alone.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> OF_AGENTS.matcher(option).matches())
        .forEach(command::add);
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "run",
            "--config",
            configurationOf(node).toString(),
            "--node",
            node));
    Process agent =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logOf(node).toFile()))
            .start();
    agents.put(node, agent);
  }

  private void explain() {
    if (!"root".equals(System.getProperty("user.name"))) {
      out.println(
          "Not root: owners, devices and some attributes are not mirrored, and changes are");
      out.println("noticed less directly. As root all of it works.");
    }
    out.println("primary  alpha  " + treeOf("alpha"));
    out.println("standby  beta   " + treeOf("beta"));
    out.println("Change anything in the first and look at the second. Ctrl-C ends it.");
    out.println();
    out.flush();
  }

  /** Shows the copy, and then every change as it arrives. */
  private void follow() throws InterruptedException, IOException, ConfigurationException {
    AdminClient alpha = client("alpha");
    AdminClient beta = client("beta");
    ProgressLine bar = new ProgressLine(out, Terminal.showsOutput(), "first copy");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    Shown shown = new Shown(bar);
    while (allRun()) {
      try {
        shown.show(alpha.status(), beta.status());
      } catch (CommandFailure notYet) {
        if (!shown.started && System.nanoTime() > deadline) {
          throw new IOException("the agents do not answer; see " + logOf("alpha"), notYet);
        }
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  /** What was said last, so that only news is said. */
  private final class Shown {
    private final ProgressLine bar;
    private final long startedNanos = System.nanoTime();
    private boolean started;
    private boolean copied;
    private @Nullable MirrorState state;
    private long sequence = -1;
    private long entries;

    Shown(ProgressLine bar) {
      this.bar = bar;
    }

    void show(Status primary, Status standby) {
      if (primary.mirrors().isEmpty() || standby.mirrors().isEmpty()) {
        return;
      }
      started = true;
      MirrorStatus source = primary.mirrors().getFirst();
      MirrorStatus copy = standby.mirrors().getFirst();
      boolean followed = copied;
      Progress progress = copy.progress();
      if (progress != null && !copied) {
        bar.show(progress);
      }
      if (source.state() != state && (copied || source.state() == MirrorState.IN_SYNC)) {
        bar.clear();
        say(source);
        state = source.state();
      }
      if (followed && copy.position().sequence() != sequence) {
        changed(copy);
      }
      sequence = copy.position().sequence();
      entries = copy.entries();
    }

    private void say(MirrorStatus source) {
      if (!copied) {
        copied = true;
        double seconds = (System.nanoTime() - startedNanos) / 1e9;
        out.printf(
            "In sync: %s, %s, after %s.%n",
            Quantities.count(source.entries(), "entry", "entries"),
            Quantities.bytes(source.bytes()),
            Quantities.seconds(seconds));
      } else {
        String held = source.held();
        out.println(source.state().word() + (held == null ? "" : ": " + held));
        if (held != null) {
          out.println(
              "Next: hotspare approve --config %s   or   hotspare reject --config %s"
                  .formatted(configurationOf("alpha"), configurationOf("alpha")));
        }
      }
      out.flush();
    }

    private void changed(MirrorStatus copy) {
      bar.clear();
      long more = copy.entries() - entries;
      String count = more == 0 ? "" : " (%+,d entries, now %,d)".formatted(more, copy.entries());
      out.printf("mirrored up to change %,d%s%n", copy.position().sequence(), count);
      out.flush();
    }
  }

  private boolean allRun() throws IOException {
    for (Map.Entry<String, Process> agent : agents.entrySet()) {
      if (!agent.getValue().isAlive()) {
        throw new IOException(
            "the agent of %s ended; its log is %s"
                .formatted(agent.getKey(), logOf(agent.getKey())));
      }
    }
    return true;
  }

  /** Kills the agent of a node as a loss of power would. */
  void kill(String node) throws InterruptedException {
    Process agent = Objects.requireNonNull(agents.remove(node));
    agent.destroyForcibly().waitFor();
  }

  private void endAgents() {
    // Where all end, the primary of a drill would try for long to hand over.
    agents.values().forEach(leased ? Process::destroyForcibly : Process::destroy);
    for (Process agent : agents.values()) {
      try {
        if (!agent.waitFor(20, TimeUnit.SECONDS)) {
          agent.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        agent.destroyForcibly();
      }
    }
  }

  // ---- places

  private Path nodeDirectory(String node) {
    return where.resolve(node);
  }

  Path treeOf(String node) {
    return nodeDirectory(node).resolve("tree");
  }

  private Path configurationOf(String node) {
    return nodeDirectory(node).resolve("hotspare.yaml");
  }

  AdminClient client(String node) throws ConfigurationException {
    return new AdminClient(Configuration.load(configurationOf(node)).state());
  }

  Path logOf(String node) {
    return nodeDirectory(node).resolve("log");
  }

  // ---- removal

  /** Removes what a trial left; refuses while it runs. */
  static Answer remove(Path where) throws CommandFailure {
    if (!Files.isDirectory(where, LinkOption.NOFOLLOW_LINKS)) {
      return Answer.done("There is no " + where + ".");
    }
    for (String node : NODES) {
      Path state = where.resolve(node).resolve("state");
      if (Files.isDirectory(state) && answers(state)) {
        throw new CommandFailure(
            Outcome.NO, "It still runs: end it first, with Ctrl-C where it was started.");
      }
    }
    try {
      removeTree(where);
      return Answer.done("Removed " + where + ".");
    } catch (IOException e) {
      throw new CommandFailure(Outcome.NO, where + " could not be removed: " + e.getMessage());
    }
  }

  private static boolean answers(Path state) {
    try {
      new AdminClient(state).status();
      return true;
    } catch (CommandFailure nobody) {
      return false;
    }
  }

  /** Removes a directory with all in it, and follows no link. */
  static void removeTree(Path directory) throws IOException {
    try {
      Process removing =
          new ProcessBuilder("rm", "-rf", "--one-file-system", "--", directory.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (removing.waitFor() != 0) {
        throw new IOException("not everything in " + directory + " could be removed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
