package org.hotspare.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrivilegesTest {
  @Test
  void rootHasThemAll() throws IOException {
    Privileges privileges = Privileges.ofThisProcess();
    assertThat(privileges.userId()).isZero();
    assertThat(privileges.has(Capability.SYS_ADMIN)).isTrue();
    assertThat(privileges.has(Capability.DAC_READ_SEARCH)).isTrue();
    assertThat(privileges.isKernelAtLeast(5, 17)).isTrue();
    assertThat(privileges.isKernelAtLeast(99, 0)).isFalse();
  }

  @Test
  void readsTheEffectiveSet() throws IOException {
    String status = "Name:\tx\nUid:\t1000\t1001\t1002\t1003\nCapEff:\t0000000008000001\n";
    Privileges privileges = Privileges.parse(status, "6.1.0-9-amd64");
    assertThat(privileges.effective())
        .containsExactlyInAnyOrder(Capability.CHOWN, Capability.MKNOD);
    assertThat(privileges.userId()).isEqualTo(1001);
    assertThat(privileges.isKernelAtLeast(6, 1)).isTrue();
    assertThat(privileges.isKernelAtLeast(6, 2)).isFalse();
    assertThat(privileges.isKernelAtLeast(5, 17)).isTrue();
    DirFdTest.assertFails(Errno.EUCLEAN, () -> Privileges.parse("Name: x\n", "6.1"));
  }

  @Test
  void raisesTheLimitOfDescriptors() throws IOException {
    long before = FdLimit.current();
    long raised = FdLimit.raise();
    assertThat(raised).isGreaterThanOrEqualTo(before);
    assertThat(FdLimit.current()).isEqualTo(raised);
  }

  @Test
  void theNumbersAreThoseOfTheKernel() {
    // From the kernel's tables, for calls whose numbers differ most between the architectures.
    assertThat(Syscall.STATX.onX86).isEqualTo(332);
    assertThat(Syscall.STATX.onAarch64).isEqualTo(291);
    assertThat(List.of(Syscall.values()).stream().map(call -> call.onX86).distinct())
        .hasSameSizeAs(Syscall.values());
    assertThat(List.of(Syscall.values()).stream().map(call -> call.onAarch64).distinct())
        .hasSameSizeAs(Syscall.values());
  }
}
