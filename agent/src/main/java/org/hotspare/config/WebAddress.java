package org.hotspare.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/** Reads the URL of something to ask for, and says which part of it does not fit. */
final class WebAddress {
  private static final String EXPECTED = "a URL such as http://10.0.0.100/health";
  private static final int MAX_PORT = 65_535;

  private WebAddress() {}

  static Optional<String> read(Value at) {
    Optional<String> text = at.text(EXPECTED);
    Optional<Unfit> unfit = text.flatMap(WebAddress::unfit);
    unfit.ifPresent(why -> at.complain(at.name() + " " + why.message, why.expected));
    return unfit.isPresent() ? Optional.empty() : text;
  }

  /** What is wrong; without what is secret in it. */
  private record Unfit(String message, String expected) {}

  private static Optional<Unfit> unfit(String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      return unfit("is no URL: " + e.getReason(), EXPECTED);
    }
    String scheme = String.valueOf(url.getScheme());
    if (!scheme.equals("http") && !scheme.equals("https")) {
      return unfit("is a URL of " + scheme, "one that begins with http:// or https://");
    }
    String authority = url.getRawAuthority();
    if (authority == null) {
      return unfit("is a URL without a host", EXPECTED);
    }
    if (authority.contains("@")) {
      // It would be shown wherever the check is.
      return unfit("has a user name in its URL", "a URL without one, since it is shown");
    }
    if (url.getHost() == null) {
      // What Java's URI finds unfit, such as an underscore, it gives no host for.
      return unfit(
          "has the host \"" + authority + "\" in its URL",
          "a name of letters, digits, hyphens and dots, or an address, IPv6 in brackets");
    }
    if (url.getPort() == 0 || url.getPort() > MAX_PORT) {
      return unfit("has the port " + url.getPort() + " in its URL", "a port from 1 to " + MAX_PORT);
    }
    return Optional.empty();
  }

  private static Optional<Unfit> unfit(String message, String expected) {
    return Optional.of(new Unfit(message, expected));
  }
}
