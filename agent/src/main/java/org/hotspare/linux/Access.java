package org.hotspare.linux;

/** What a file is opened for. The order is that of the kernel's access modes. */
public enum Access {
  READ(0),
  WRITE(1),
  READ_WRITE(2);

  private final int flag;

  Access(int flag) {
    this.flag = flag;
  }

  int flag() {
    return flag;
  }
}
