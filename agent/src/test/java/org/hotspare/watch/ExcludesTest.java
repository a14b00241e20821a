package org.hotspare.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.hotspare.tree.FileKind;
import org.hotspare.tree.Name;
import org.hotspare.tree.RelPath;
import org.junit.jupiter.api.Test;

class ExcludesTest {
  private static boolean excludes(String pattern, String path) {
    boolean directory = path.endsWith("/");
    String bare = directory ? path.substring(0, path.length() - 1) : path;
    return Excludes.of(List.of(pattern)).excludes(RelPath.of(bare), directory);
  }

  @Test
  void aNameIsFoundAtAnyDepth() {
    assertThat(excludes("*.tmp", "a.tmp")).isTrue();
    assertThat(excludes("*.tmp", "deep/er/a.tmp")).isTrue();
    assertThat(excludes("*.tmp", "a.tmpx")).isFalse();
    assertThat(excludes("core", "x/core")).isTrue();
    assertThat(excludes("core", "score")).isFalse();
  }

  @Test
  void aLeadingSlashMeansTheRoot() {
    assertThat(excludes("/cache/", "cache/")).isTrue();
    assertThat(excludes("/cache/", "cache/a/b")).isTrue();
    assertThat(excludes("/cache/", "cache")).isFalse();
    assertThat(excludes("/cache/", "sub/cache/")).isFalse();
    assertThat(excludes("/a/*/c", "a/b/c")).isTrue();
    assertThat(excludes("/a/*/c", "a/b/b/c")).isFalse();
  }

  @Test
  void aSlashInsideMeansTheLastNames() {
    assertThat(excludes("a/b", "x/a/b")).isTrue();
    assertThat(excludes("a/b", "xa/b")).isFalse();
    assertThat(excludes("a/*", "x/a/b")).isTrue();
  }

  @Test
  void twoStarsCrossSlashes() {
    assertThat(excludes("/a/**/z", "a/b/c/z")).isTrue();
    assertThat(excludes("/a/**z", "a/b/c/z")).isTrue();
    assertThat(excludes("**/z", "z")).isTrue();
    assertThat(excludes("dir/***", "x/dir/")).isTrue();
    assertThat(excludes("dir/***", "x/dir/y")).isTrue();
    assertThat(excludes("dir/**", "x/dir/")).isFalse();
  }

  @Test
  void theFirstPatternThatMatchesDecides() {
    Excludes excludes = Excludes.of(List.of("+ keep.tmp", "- *.tmp"));
    assertThat(excludes.excludes(RelPath.of("a/keep.tmp"), false)).isFalse();
    assertThat(excludes.excludes(RelPath.of("a/other.tmp"), false)).isTrue();
    Excludes below = Excludes.of(List.of("+ keep", "/d/"));
    assertThat(below.excludes(RelPath.of("d/keep"), false)).isTrue();
  }

  @Test
  void namesAreBytes() {
    Name name = Name.of(new byte[] {'a', (byte) 0xff, '\n'});
    Excludes excludes = Excludes.of(List.of("a??"));
    assertThat(excludes.excludes(RelPath.ROOT, name, FileKind.REGULAR_FILE)).isTrue();
    Excludes others = Excludes.of(List.of("a?"));
    assertThat(others.excludes(RelPath.ROOT, name, FileKind.REGULAR_FILE)).isFalse();
  }

  @Test
  void theWorkDirectoryIsLeftOutOfEveryFilesystemsRoot() {
    RelPath nested = RelPath.of("a/mnt");
    Excludes excludes = Excludes.of(List.of("+ .hotspare")).withMountRoots(List.of(nested));
    assertThat(excludes.excludes(RelPath.of(".hotspare"), true)).isTrue();
    assertThat(excludes.excludes(RelPath.of(".hotspare/x/y"), false)).isTrue();
    assertThat(excludes.excludes(RelPath.of("a/mnt/.hotspare"), true)).isTrue();
    assertThat(excludes.excludes(RelPath.of("a/.hotspare"), true)).isFalse();
  }

  @Test
  void whatIsNoPatternIsRefused() {
    for (String wrong : List.of("", "/", "+ ", "- /", "!", "a\0b")) {
      assertThatThrownBy(() -> Excludes.of(List.of(wrong)))
          .as("pattern \"%s\"", wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void noPatternMakesMatchingSlow() {
    Excludes excludes = Excludes.of(List.of("**a*a*a*a*a*a*a*a*a*a**a*a*a*a*a*a*ab"));
    RelPath path = RelPath.of("a".repeat(255) + "/" + "a".repeat(255) + "/" + "a".repeat(255));
    org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5), () -> assertThat(excludes.excludes(path, false)).isFalse());
  }
}
