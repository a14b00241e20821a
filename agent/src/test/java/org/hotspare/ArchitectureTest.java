package org.hotspare;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hotspare.linux.RawClock;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The packages and which of them may use which: the picture of the house, held by the build. */
class ArchitectureTest {
  private static final String ROOT = "org.hotspare";

  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("tree", Set.of()),
          Map.entry("delta", Set.of("tree")),
          Map.entry("config", Set.of("tree")),
          Map.entry("linux", Set.of("tree")),
          Map.entry("index", Set.of("tree")),
          Map.entry("watch", Set.of("tree", "linux", "index")),
          Map.entry("wire", Set.of("tree", "delta")),
          Map.entry("lease", Set.of("tree", "wire", "linux")),
          Map.entry("takeover", Set.of("tree", "linux")),
          Map.entry("health", Set.of("tree", "linux")),
          Map.entry("failover", Set.of("tree", "lease", "health")),
          Map.entry("mirror", Set.of("tree", "delta", "linux", "index", "watch", "wire")),
          Map.entry("admin", Set.of("tree", "delta", "config", "index", "watch", "wire", "mirror")),
          Map.entry("cli", Set.of("config", "admin")),
          Map.entry(
              "agent",
              Set.of(
                  "tree",
                  "delta",
                  "config",
                  "linux",
                  "index",
                  "watch",
                  "wire",
                  "lease",
                  "mirror",
                  "health",
                  "failover",
                  "takeover",
                  "admin",
                  "cli")));

  /** What answers questions in the agent, which commands have no business with. */
  private static final Set<String> SERVING =
      Set.of("AdminServer", "EventLog", "Operations", "HttpApi", "Availability");

  private static JavaClasses product;

  @BeforeAll
  static void read() {
    product =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);
  }

  @Test
  void everyPackageHasItsPlaceInTheHouse() {
    Set<String> present =
        product.stream()
            .map(JavaClass::getPackageName)
            .map(name -> name.substring(ROOT.length() + 1).split("\\.", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(MAY_USE.keySet()).containsAll(present);
  }

  @Test
  void packagesUseOnlyWhatTheyMay() {
    MAY_USE.forEach(
        (name, used) -> {
          List<String> allowed = new ArrayList<>(List.of(ROOT + "." + name + ".."));
          used.forEach(other -> allowed.add(ROOT + "." + other + ".."));
          hold(
              noClasses()
                  .that()
                  .resideInAPackage(ROOT + "." + name + "..")
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(ROOT + "..")
                          .and(not(resideInAnyPackage(allowed.toArray(String[]::new))))));
        });
  }

  @Test
  void onlyLinuxCallsNativeCode() {
    hold(
        noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".linux")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.foreign.."));
  }

  @Test
  void commandsUseOnlyTheClientsHalfOfTheSocket() {
    hold(
        noClasses()
            .that()
            .resideInAPackage(ROOT + ".cli")
            .should()
            .dependOnClassesThat(
                resideInAPackage(ROOT + ".admin")
                    .and(
                        DescribedPredicate.describe(
                            "serve the socket",
                            (JavaClass used) -> SERVING.contains(used.getSimpleName())))));
  }

  /** Whose clock is set, or wrong by an hour, loses no lease and wins none. */
  @Test
  void whatDecidesWhoIsPrimaryReadsNoWallClock() {
    hold(
        noClasses()
            .that()
            .resideInAnyPackage(ROOT + ".lease..", ROOT + ".failover..", ROOT + ".takeover..")
            .or()
            .haveNameMatching(ROOT + "\\.agent\\.(Machine|ServiceGate|MirrorWatch|Membership)")
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(RawClock.class, "fileTime")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(
                Instant.class,
                InstantSource.class,
                Clock.class,
                Date.class,
                LocalDateTime.class,
                ZonedDateTime.class,
                FileTime.class));
  }

  @Test
  void librariesStayInTheirPackages() {
    hold(only("cli", "picocli.."));
    hold(only("config", "org.snakeyaml.."));
    hold(only("index", "java.sql..", "org.sqlite.."));
    hold(only("lease", "org.apache.ratis.."));
    hold(only("admin", "com.sun.net.httpserver..", "io.micrometer..", "io.prometheus.."));
  }

  private static ArchRule only(String name, String... libraries) {
    return classes()
        .that()
        .resideInAPackage(ROOT + "..")
        .and()
        .resideOutsideOfPackage(ROOT + "." + name)
        .should()
        .onlyDependOnClassesThat(not(resideInAnyPackage(libraries)));
  }

  private static void hold(ArchRule rule) {
    rule.allowEmptyShould(true).check(product);
  }
}
