package org.hotspare.agent;

/** Where the program starts. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(org.hotspare.cli.Main.execute(args, new LocalRunner()));
  }
}
